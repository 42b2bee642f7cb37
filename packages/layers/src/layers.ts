import {
  batchNorm as batchNormOp,
  biasAdd,
  concat,
  conv2d,
  type ConvolutionOptions,
  depthwiseConv2d,
  dropout as dropoutOp,
  matMul,
  split,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tf,
} from '@resizer-lab/engine';
import { constant, glorotUniform, heNormal, type Initialiser } from './initialisers.ts';
import type { Scope } from './scope.ts';

export interface ConvOptions extends ConvolutionOptions {
  filters: number;
  /** Side of the square kernel. */
  kernel: number;
  bias?: boolean;
  /** A layer behind takes the mean away again: the bias' gradient is zero, and is not computed. */
  biasCancels?: boolean;
  initial?: Initialiser;
  /** What the parameters are called. Default: Keras' names. */
  names?: { kernel: string; bias: string };
}

const defaultNames = { kernel: 'kernel', bias: 'bias' };

/** Convolution with parameters `name/kernel` [k, k, in, filters] and, if wanted, `name/bias`. */
export function conv(net: Scope, name: string, x: Tensor4D, options: ConvOptions): Tensor4D {
  const { filters, kernel, bias = false, biasCancels = false, ...rest } = options;
  const { initial = heNormal(), names = defaultNames, ...window } = rest;
  const layer = net.in(name);
  const shape = [kernel, kernel, x.shape[3], filters];
  const weights = layer.parameter(names.kernel, { shape, trainable: true, initial }) as Tensor4D;
  const y = conv2d(x, weights, window);
  return net.output(
    name,
    bias ? biasAdd(y, biasOf(layer, names.bias, filters), { cancels: biasCancels }) : y,
  );
}

/**
 * 1×1 convolution, with the parameter `name/kernel` [1, 1, in, filters], of images whose channels come in parts,
 * each [batch, h, w, channels of its own]: the sum over the parts, of which none is copied.
 */
export function convOfParts(
  net: Scope,
  name: string,
  parts: readonly Tensor4D[],
  { filters }: { filters: number },
): Tensor4D {
  const sizes = parts.map((part) => part.shape[3]);
  const inputs = sizes.reduce((a, b) => a + b);
  const kernel = net
    .in(name)
    .parameter('kernel', { shape: [1, 1, inputs, filters], trainable: true, initial: heNormal() });
  const rows = split(tf.reshape(kernel, [inputs, filters]), sizes);
  const terms = parts.map((part, i) => conv2d(part, tf.reshape(rows[i]!, [1, 1, sizes[i]!, filters])));
  return net.output(
    name,
    terms.reduce((sum, term) => tf.add(sum, term)),
  );
}

export interface DepthwiseConvOptions extends ConvolutionOptions {
  kernel: number;
  multiplier?: number;
  /** What the parameter is called. Default: Keras' `depthwise_kernel`. */
  parameter?: string;
}

/** Depthwise convolution with the parameter `name/depthwise_kernel` [k, k, in, multiplier]. */
export function depthwiseConv(
  net: Scope,
  name: string,
  x: Tensor4D,
  options: DepthwiseConvOptions,
): Tensor4D {
  const { kernel, multiplier = 1, parameter = 'depthwise_kernel', ...window } = options;
  const weights = net.in(name).parameter(parameter, {
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
  /** Whether there is a `gamma`; it is 1 otherwise. */
  scale?: boolean;
}

/**
 * Batch normalisation with `name/gamma`, `beta`, `moving_mean` and `moving_variance`; formula and the
 * update of the moving statistics at the engine's `batchNorm`.
 */
export function batchNorm(net: Scope, name: string, x: Tensor4D, options: BatchNormOptions = {}): Tensor4D {
  return net.output(name, normalised(net, name, [x], options)[0]!);
}

/**
 * {@link batchNorm} of images whose channels come in parts, each [batch, h, w, channels of its own]: channels
 * have nothing to do with each other.
 */
export function batchNormOfParts(
  net: Scope,
  name: string,
  parts: readonly Tensor4D[],
  options: BatchNormOptions = {},
): Tensor4D[] {
  const ys = normalised(net, name, parts, options);
  if (net.isObserved) net.output(name, concat(ys));
  return ys;
}

function normalised(
  net: Scope,
  name: string,
  parts: readonly Tensor4D[],
  options: BatchNormOptions,
): Tensor4D[] {
  const { epsilon = 1e-3, momentum = 0.99, scale = true } = options;
  const layer = net.in(name);
  const sizes = parts.map((part) => part.shape[3]);
  const shape: [number] = [sizes.reduce((a, b) => a + b)];
  const vector = (parameter: string, value: number, trainable: boolean) =>
    split(layer.parameter(parameter, { shape, trainable, initial: constant(value) }) as Tensor1D, sizes);
  const ones = (size: number) => tf.tensor1d(new Float32Array(size).fill(1));
  const gamma = scale ? vector('gamma', 1, true) : sizes.map(ones);
  const beta = vector('beta', 0, true);
  const movingMean = vector('moving_mean', 0, false);
  const movingVariance = vector('moving_variance', 1, false);
  const results = parts.map((x, i) =>
    batchNormOp(
      { x, gamma: gamma[i]!, beta: beta[i]!, movingMean: movingMean[i]!, movingVariance: movingVariance[i]! },
      { training: net.training, epsilon, momentum: net.batchNormMomentum ?? momentum },
    ),
  );
  if (net.training) {
    layer.update('moving_mean', tf.concat(results.map((result) => result.movingMean)));
    layer.update('moving_variance', tf.concat(results.map((result) => result.movingVariance)));
  }
  return results.map(({ y }) => y);
}

/** Fully connected layer with `name/kernel` [in, units] and `name/bias`. x: [batch, in] → [batch, units]. */
export function dense(net: Scope, name: string, x: Tensor2D, { units }: { units: number }): Tensor2D {
  const layer = net.in(name);
  const shape = [x.shape[1], units];
  const kernel = layer.parameter('kernel', { shape, trainable: true, initial: glorotUniform }) as Tensor2D;
  return net.output(name, biasAdd(matMul(x, kernel), biasOf(layer, 'bias', units)));
}

/** Dropout at the scope's rate; nothing is left out where the scope drops nothing. */
export function dropout(net: Scope, name: string, x: Tensor2D): Tensor2D {
  const { dropout: rate = 0 } = net.dropRates;
  return rate === 0 ? x : dropoutOp(x, net.dropSeed(name), { rate });
}

/**
 * Leaves out a residual branch of some of the examples, at depth times the scope's rate.
 * @param options depth: where in the network the branch stands, 0 (first) … 1 (last)
 */
export function dropConnect(
  net: Scope,
  name: string,
  branch: Tensor4D,
  options: { depth: number },
): Tensor4D {
  const rate = (net.dropRates.dropConnect ?? 0) * options.depth;
  return rate === 0 ? branch : dropoutOp(branch, net.dropSeed(name), { rate, unit: 'example' });
}

function biasOf(layer: Scope, name: string, size: number): Tensor1D {
  return layer.parameter(name, { shape: [size], trainable: true, initial: constant(0) }) as Tensor1D;
}
