import { type Backbone, backboneOf, preprocess } from '@resizer-lab/backbones';
import { resize, type Tensor2D, type Tensor4D } from '@resizer-lab/engine';
import type { Scope } from '@resizer-lab/layers';
import { applyResizer } from '@resizer-lab/resizer';
import type { TrainedCell } from '../cell.ts';
import { betweenRanges } from './range.ts';

/** A backbone behind a resizer. */
export interface Model {
  backbone: Backbone;
  /** [batch, h, w, 3], 0 … 255 → the range that the resizer works in. */
  prepared: (images: Tensor4D) => Tensor4D;
  /** [batch, h, w, 3], 0 … 255 → the resizer's output, [batch, target, target, 3]. */
  resized: (net: Scope, images: Tensor4D) => Tensor4D;
  /** The same by the base interpolation alone. */
  interpolated: (images: Tensor4D) => Tensor4D;
  /** [batch, h, w, 3], 0 … 255 → logits [batch, outputs]. */
  logits: (net: Scope, images: Tensor4D) => Tensor2D;
}

/**
 * The model of a cell. The resizer works on preprocessed images, as the backbone that it was trained
 * with sees them.
 */
export function modelOf(
  { backbone: name, range, resizer, target: side }: TrainedCell,
  outputs: number,
): Model {
  const backbone = backboneOf(name);
  const source = backboneOf(range).preprocessing;
  const target = [side, side] as const;
  const prepared = (images: Tensor4D) => preprocess(images, source);
  const resized = (net: Scope, images: Tensor4D) => applyResizer(net, prepared(images), { resizer, target });
  const base = resizer.kind === 'fixed' ? resizer.method : resizer.base;
  return {
    backbone,
    prepared,
    resized,
    interpolated: (images) => resize(prepared(images), target, base),
    logits(net, images) {
      const seen = betweenRanges(resized(net, images), source, backbone.preprocessing);
      return backbone.head(net, backbone.features(net, seen), outputs);
    },
  };
}
