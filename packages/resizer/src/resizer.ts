import { type Interpolation, resize, type Size, type Tensor4D } from '@resizer-lab/engine';
import type { Scope } from '@resizer-lab/layers';
import { learnedResizer, type LearnedResizerOptions } from './learned.ts';

/** Which resizer stands in front of a backbone, as configs say it. */
export type ResizerSpec =
  | { kind: 'fixed'; method: Interpolation }
  | ({ kind: 'learned'; frozen?: boolean } & Omit<LearnedResizerOptions, 'target'>);

/** Where the learned resizer's parameters stand among a model's. */
export const RESIZER_SCOPE = 'resizer';

/**
 * Any resizer, learned or fixed.
 * @param images [batch, h, w, 3]
 * @returns [batch, ...target, 3]
 */
export function applyResizer(
  net: Scope,
  images: Tensor4D,
  { resizer, target }: { resizer: ResizerSpec; target: Size },
): Tensor4D {
  if (resizer.kind === 'fixed') return resize(images, target, resizer.method);
  const scope = net.in(RESIZER_SCOPE);
  return learnedResizer(resizer.frozen ? scope.frozen() : scope, images, { ...resizer, target });
}
