import { type Backbone, backboneOf, preprocess, spanOf } from '@resizer-lab/backbones';
import { float32, resize, type Tensor2D, type Tensor4D } from '@resizer-lab/engine';
import { multiplyAddsOf, type Parameters, parametersOf, type Scope } from '@resizer-lab/layers';
import { applyResizer } from '@resizer-lab/resizer';
import type { TrainedCell } from '../cell.ts';
import type { CellMeasurements } from '../measurements.ts';
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

/** What a model is made of. */
export type ModelConfig = Pick<
  TrainedCell,
  'backbone' | 'range' | 'resizer' | 'input' | 'target' | 'frozenBackbone'
>;

/**
 * The model of a cell. The resizer works on preprocessed images, as the backbone that it was trained
 * with sees them.
 */
export function modelOf(config: ModelConfig, outputs: number): Model {
  const { resizer, frozenBackbone } = config;
  const backbone = backboneOf(config.backbone);
  const source = backboneOf(config.range).preprocessing;
  const target = [config.target, config.target] as const;
  const span = spanOf(source);
  const prepared = (images: Tensor4D) => preprocess(images, source);
  const resized = (net: Scope, images: Tensor4D) =>
    applyResizer(net, prepared(images), { resizer, target, span });
  const base = resizer.kind === 'fixed' ? resizer.method : resizer.base;
  return {
    backbone,
    prepared,
    resized,
    interpolated: (images) => resize(prepared(images), target, base),
    logits(net, images) {
      const seen = betweenRanges(resized(net, images), source, backbone.preprocessing);
      const rest = frozenBackbone ? net.frozen() : net;
      return backbone.head(rest, backbone.features(rest, seen), outputs);
    },
  };
}

/** The parameters of a model, the resizer's included. */
export function parametersOfModel(model: Model, { input }: Pick<ModelConfig, 'input'>): Parameters {
  return parametersOf((net, images: Tensor4D) => model.logits(net, images), [float32(1, input, input, 3)]);
}

/** Multiply-adds of one photo's way through the model. */
export function multiplyAddsOfModel(config: ModelConfig, outputs: number): CellMeasurements['multiplyAdds'] {
  const model = modelOf(config, outputs);
  const photo = float32(1, config.input, config.input, 3);
  const resizer = multiplyAddsOf((net, images: Tensor4D) => model.resized(net, images), [photo]);
  const all = multiplyAddsOf((net, images: Tensor4D) => model.logits(net, images), [photo]);
  return { resizer, backbone: all - resizer };
}
