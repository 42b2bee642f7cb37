import { type Backbone, backboneOf, preprocess } from '@resizer-lab/backbones';
import { resize, type Tensor2D, type Tensor4D } from '@resizer-lab/engine';
import type { Scope } from '@resizer-lab/layers';
import { applyResizer } from '@resizer-lab/resizer';
import type { CellConfig } from './config.ts';

/** A backbone behind a resizer. */
export interface Model {
  backbone: Backbone;
  /** [batch, h, w, 3], 0 … 255 → the range that the backbone expects. */
  preprocess: (images: Tensor4D) => Tensor4D;
  /** [batch, h, w, 3], 0 … 255 → what the backbone sees, [batch, target, target, 3]. */
  resized: (net: Scope, images: Tensor4D) => Tensor4D;
  /** The same by the base interpolation alone. */
  interpolated: (images: Tensor4D) => Tensor4D;
  /** [batch, h, w, 3], 0 … 255 → logits [batch, classes]. */
  logits: (net: Scope, images: Tensor4D) => Tensor2D;
}

/** The model of a cell. The resizer works on preprocessed images, as the backbone would see them. */
export function modelOf(config: CellConfig, classes: number): Model {
  const backbone = backboneOf(config.backbone);
  const target = [config.target, config.target] as const;
  const { resizer } = config;
  const prepared = (images: Tensor4D) => preprocess(images, backbone.preprocessing);
  const resized = (net: Scope, images: Tensor4D) => applyResizer(net, prepared(images), { resizer, target });
  const base = resizer.kind === 'fixed' ? resizer.method : resizer.base;
  return {
    backbone,
    preprocess: prepared,
    resized,
    interpolated: (images) => resize(prepared(images), target, base),
    logits: (net, images) => backbone.head(net, backbone.features(net, resized(net, images)), classes),
  };
}
