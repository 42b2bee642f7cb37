import type { WeightTensor } from '@resizer-lab/layers';
import type { Backbone } from '../backbone.ts';
import type { LayoutName } from './layout.ts';
import { layoutNamed } from './layouts.ts';
import { toTorch } from './transpose.ts';

/**
 * Weights of ours under the names, and in the storage order, of another project's same network.
 * @throws UserError if the backbone is not known in that layout
 */
export function exportWeights(
  backbone: Backbone,
  weights: ReadonlyMap<string, WeightTensor<Float32Array>>,
  layout: LayoutName,
): Map<string, WeightTensor<Float32Array>> {
  const found = layoutNamed(backbone, layout);
  return new Map(
    [...weights].map(([own, tensor]) => [found.nameOf(own), found.torch ? toTorch(own, tensor) : tensor]),
  );
}
