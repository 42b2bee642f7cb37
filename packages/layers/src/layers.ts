import {
  batchNorm as batchNormOp,
  biasAdd,
  conv2d,
  type ConvolutionOptions,
  depthwiseConv2d,
  matMul,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '@resizer-lab/engine';
import { constant, glorotUniform, heNormal, type Initialiser } from './initialisers.ts';
import type { Scope } from './scope.ts';

export interface ConvOptions extends ConvolutionOptions {
  filters: number;
  /** Side of the square kernel. */
  kernel: number;
  bias?: boolean;
  initial?: Initialiser;
}

/** Convolution with parameters `name/kernel` [k, k, in, filters] and, if wanted, `name/bias`. */
export function conv(net: Scope, name: string, x: Tensor4D, options: ConvOptions): Tensor4D {
  const { filters, kernel, bias = false, initial = heNormal(), ...window } = options;
  const layer = net.in(name);
  const shape = [kernel, kernel, x.shape[3], filters];
  const weights = layer.parameter('kernel', { shape, trainable: true, initial }) as Tensor4D;
  const y = conv2d(x, weights, window);
  return net.output(name, bias ? biasAdd(y, biasOf(layer, filters)) : y);
}

export interface DepthwiseConvOptions extends ConvolutionOptions {
  kernel: number;
  multiplier?: number;
}

/** Depthwise convolution with the parameter `name/depthwise_kernel` [k, k, in, multiplier]. */
export function depthwiseConv(
  net: Scope,
  name: string,
  x: Tensor4D,
  options: DepthwiseConvOptions,
): Tensor4D {
  const { kernel, multiplier = 1, ...window } = options;
  const weights = net.in(name).parameter('depthwise_kernel', {
    shape: [kernel, kernel, x.shape[3], multiplier],
    trainable: true,
    initial: heNormal({ depthwise: true }),
  }) as Tensor4D;
  return net.output(name, depthwiseConv2d(x, weights, window));
}

export interface BatchNormOptions {
  epsilon?: number;
  /** Weight of the old moving statistics in each update. */
  momentum?: number;
}

/**
 * Batch normalisation with `name/gamma`, `beta`, `moving_mean` and `moving_variance`; formula and the
 * update of the moving statistics at the engine's `batchNorm`.
 */
export function batchNorm(net: Scope, name: string, x: Tensor4D, options: BatchNormOptions = {}): Tensor4D {
  const { epsilon = 1e-3, momentum = 0.99 } = options;
  const layer = net.in(name);
  const shape = [x.shape[3]];
  const vector = (parameter: string, value: number, trainable: boolean) =>
    layer.parameter(parameter, { shape, trainable, initial: constant(value) }) as Tensor1D;
  const inputs = {
    x,
    gamma: vector('gamma', 1, true),
    beta: vector('beta', 0, true),
    movingMean: vector('moving_mean', 0, false),
    movingVariance: vector('moving_variance', 1, false),
  };
  const { y, movingMean, movingVariance } = batchNormOp(inputs, {
    training: net.training,
    epsilon,
    momentum,
  });
  if (net.training) {
    layer.update('moving_mean', movingMean);
    layer.update('moving_variance', movingVariance);
  }
  return net.output(name, y);
}

/** Fully connected layer with `name/kernel` [in, units] and `name/bias`. x: [batch, in] → [batch, units]. */
export function dense(net: Scope, name: string, x: Tensor2D, { units }: { units: number }): Tensor2D {
  const layer = net.in(name);
  const shape = [x.shape[1], units];
  const kernel = layer.parameter('kernel', { shape, trainable: true, initial: glorotUniform }) as Tensor2D;
  return net.output(name, biasAdd(matMul(x, kernel), biasOf(layer, units)));
}

function biasOf(layer: Scope, size: number): Tensor1D {
  return layer.parameter('bias', { shape: [size], trainable: true, initial: constant(0) }) as Tensor1D;
}
