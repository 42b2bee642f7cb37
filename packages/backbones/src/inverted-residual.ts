import { globalAveragePool, sigmoid, type Tensor4D, tf } from '@resizer-lab/engine';
import { type BatchNormOptions, conv, type Scope } from '@resizer-lab/layers';
import { convNorm, depthwiseNorm, type LayerPair, residual } from './blocks.ts';

type Activation = (x: Tensor4D) => Tensor4D;

export interface InvertedResidualOptions {
  /** Names of the block's layers. */
  layers: { expand: LayerPair; depthwise: LayerPair; project: LayerPair; add: string };
  /** Channels inside the block over channels of its input. */
  expansion: number;
  /** Channels of the output. */
  filters: number;
  kernel: number;
  stride: number;
  activation: Activation;
  /** Stands between depthwise convolution and projection. */
  attention?: Activation;
  /** Where in the network the block stands, 0 … 1. */
  depth: number;
  norm: BatchNormOptions;
}

/**
 * The block of MobileNet-v2 and EfficientNet (Sandler et al. 2018, Fig. 4): 1×1 expansion, depthwise
 * convolution, 1×1 linear projection, + input where the shapes allow.
 */
export function invertedResidual(net: Scope, input: Tensor4D, options: InvertedResidualOptions): Tensor4D {
  const { layers, expansion, filters, kernel, stride, activation, attention, depth, norm } = options;
  const channels = input.shape[3];
  let x = input;
  if (expansion > 1) {
    x = activation(convNorm(net, layers.expand, x, { filters: expansion * channels, kernel: 1, norm }));
  }
  x = activation(depthwiseNorm(net, layers.depthwise, x, { kernel, stride, norm }));
  if (attention) x = attention(x);
  x = convNorm(net, layers.project, x, { filters, kernel: 1, norm });
  if (stride > 1 || channels !== filters) return x;
  return residual(net, layers.add, { shortcut: input, branch: x, depth });
}

export interface SqueezeExciteOptions {
  /** Names of the two layers. */
  layers: readonly [reduce: string, expand: string];
  /** Channels in the middle. */
  filters: number;
  activation: Activation;
}

/** Squeeze-and-excitation (Hu et al. 2018): each channel times a gate that sees all channels' means. */
export function squeezeExcite(net: Scope, x: Tensor4D, options: SqueezeExciteOptions): Tensor4D {
  const { layers, filters, activation } = options;
  const [batch, , , channels] = x.shape;
  let gate: Tensor4D = tf.reshape(globalAveragePool(x), [batch, 1, 1, channels]);
  gate = activation(conv(net, layers[0], gate, { filters, kernel: 1, bias: true }));
  gate = sigmoid(conv(net, layers[1], gate, { filters: channels, kernel: 1, bias: true }));
  return tf.mul(x, gate);
}
