import { type Interpolation, resize, type Size, type Tensor4D } from '@resizer-lab/engine';
import type { Scope } from '@resizer-lab/layers';
import { learnedResizer, type LearnedResizerOptions } from './learned.ts';
import { mullerResizer, type MullerOptions } from './muller.ts';

/** Which resizer stands in front of a backbone, as configs say it. */
export type ResizerSpec =
  | { kind: 'fixed'; method: Interpolation }
  | ({ kind: 'muller' } & Omit<MullerOptions, 'target' | 'span'>)
  | ({ kind: 'learned'; frozen?: boolean } & Omit<LearnedResizerOptions, 'target'>);

export interface ResizerInputs {
  resizer: ResizerSpec;
  /** [height, width] of the output. */
  target: Size;
  /**
   * How far white lies from black in the images, in each channel or in all: what 255 levels are after the
   * backbone's preprocessing. MULLER works in units of it. Default: 1.
   */
  span?: number | readonly number[];
}

/** Where a resizer's parameters stand among a model's. */
export const RESIZER_SCOPE = 'resizer';

/**
 * Any resizer, learned or fixed.
 * @param images [batch, h, w, 3]
 * @returns [batch, ...target, 3]
 */
export function applyResizer(
  net: Scope,
  images: Tensor4D,
  { resizer, target, span = 1 }: ResizerInputs,
): Tensor4D {
  const scope = net.in(RESIZER_SCOPE);
  switch (resizer.kind) {
    case 'fixed':
      return resize(images, target, resizer.method);
    case 'muller':
      return mullerResizer(scope, images, { ...resizer, target, span });
    case 'learned':
      return learnedResizer(resizer.frozen ? scope.frozen() : scope, images, { ...resizer, target });
  }
}
