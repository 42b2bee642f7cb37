import { cpus } from 'node:os';
import type { GradientCheck } from './finite-differences.ts';
import { gradientError } from './finite-differences.ts';
import { leakyRelu, relu, relu6, sigmoid, swish } from './ops/activations.ts';
import { batchNorm } from './ops/batch-norm.ts';
import { conv2d, type ConvolutionOptions, depthwiseConv2d } from './ops/convolution.ts';
import { softmaxCrossEntropy } from './ops/cross-entropy.ts';
import { concat, split } from './ops/concat.ts';
import { biasAdd, matMul } from './ops/dense.ts';
import { dropout } from './ops/dropout.ts';
import { interpolations } from './ops/interpolation.ts';
import { averagePool, globalAveragePool, maxPool, type PoolOptions } from './ops/pooling.ts';
import { zeroPad } from './ops/spatial.ts';
import { resize, type Size } from './ops/resize.ts';
import { engineInfo, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D, tf } from './tensorflow.ts';

/** What a right gradient stays below (see {@link gradientError}). */
const TOLERANCE = 5e-3;

export interface Diagnosis {
  ok: boolean;
  tensorflow: string;
  device: 'cpu' | 'gpu';
  /** Folder of the TensorFlow library. */
  library: string;
  tfjs: string;
  node: string;
  threads: { cores: number; intraOp: string; interOp: string };
  checks: { name: string; ok: boolean; maxError: number }[];
}

const convolutions: [string, ConvolutionOptions][] = [
  ['same', {}],
  ['same, stride 2', { stride: 2 }],
  ['valid, stride 2', { stride: 2, padding: 'valid' }],
  ['explicit padding', { stride: 2, padding: { top: 1, bottom: 2, left: 0, right: 1 } }],
];

const pointwise: [string, number[], number][] = [
  ['few pixels', [2, 3, 4, 3], 1],
  ['few pixels, stride 2', [2, 5, 4, 3], 2],
  ['more pixels', [1, 23, 23, 1], 1],
  ['many pixels', [1, 33, 33, 1], 1],
];

const sizes: [string, Size][] = [
  ['down', [3, 2]],
  ['up', [7, 9]],
];

const pools: [string, PoolOptions][] = [
  ['same', { size: 3, stride: 2, padding: 'same' }],
  ['valid', { size: 2, stride: 1, padding: 'valid' }],
];

type Images = { x: Tensor4D };
const image = { x: [1, 5, 4, 2] };
const check = (name: string, inputs: GradientCheck['inputs'], f: (t: never) => Tensor): GradientCheck => ({
  name,
  inputs,
  f: f as GradientCheck['f'],
});

function normalised(inputs: { x: Tensor4D; gamma: Tensor1D; beta: Tensor1D }, training: boolean): Tensor {
  const statistics = {
    movingMean: tf.tensor1d([0.1, -0.2]),
    movingVariance: tf.tensor1d([0.8, 1.3]),
  };
  return batchNorm({ ...inputs, ...statistics }, { training, epsilon: 1e-3, momentum: 0.99 }).y;
}

const batchNormInputs = { x: [3, 2, 2, 2], gamma: [2], beta: [2] };

/** Every op of ours, in each of its cases. */
const checks: GradientCheck[] = [
  // Few pixels and many go different ways.
  ...pointwise.map(([name, x, stride]) =>
    check(`conv2d, 1×1, ${name}`, { x, filter: [1, 1, x[3]!, 2] }, (t: Images & { filter: Tensor4D }) =>
      conv2d(t.x, t.filter, { stride }),
    ),
  ),
  ...convolutions.flatMap(([name, options]) =>
    [
      [1, 5, 6, 2],
      [1, 19, 18, 1],
    ].map((x) =>
      check(
        `conv2d, ${name}, ${x[1]}×${x[2]}`,
        { x, filter: [3, 3, x[3]!, 2] },
        (t: Images & { filter: Tensor4D }) => conv2d(t.x, t.filter, options),
      ),
    ),
  ),
  ...convolutions.map(([name, options]) =>
    check(
      `depthwiseConv2d, ${name}`,
      { x: [1, 5, 6, 2], filter: [3, 3, 2, 2] },
      (t: Images & { filter: Tensor4D }) => depthwiseConv2d(t.x, t.filter, options),
    ),
  ),
  check('batchNorm, training', batchNormInputs, (t: never) => normalised(t, true)),
  check('batchNorm, inference', batchNormInputs, (t: never) => normalised(t, false)),
  { ...check('relu', image, (t: Images) => relu(t.x)), kinks: [0] },
  { ...check('relu6', image, (t: Images) => relu6(tf.mul(t.x, 4))), kinks: [0, 1.5] },
  { ...check('leakyRelu', image, (t: Images) => leakyRelu(t.x)), kinks: [0] },
  check('sigmoid', image, (t: Images) => sigmoid(t.x)),
  check('swish', image, (t: Images) => swish(t.x)),
  check('dropout', image, (t: Images) => dropout(t.x, tf.tensor1d([3, 4], 'int32'), { rate: 0.4 })),
  check('concat', { a: [1, 2, 3, 2], b: [1, 2, 3, 1] }, ({ a, b }: { a: Tensor4D; b: Tensor4D }) =>
    concat([a, b, a]),
  ),
  check('zeroPad', image, (t: Images) => zeroPad(t.x, { top: 1, bottom: 0, left: 2, right: 1 })),
  ...interpolations.flatMap((method) =>
    sizes.map(([name, size]) =>
      check(`resize, ${method}, ${name}`, image, (t: Images) => resize(t.x, size, method)),
    ),
  ),
  ...pools.map(([name, options]) => ({
    ...check(`maxPool, ${name}`, image, (t: Images) => maxPool(t.x, options)),
    spaced: true,
  })),
  ...pools.map(([name, options]) =>
    check(`averagePool, ${name}`, image, (t: Images) => averagePool(t.x, options)),
  ),
  check('globalAveragePool', image, (t: Images) => globalAveragePool(t.x)),
  check('split', { x: [5, 3] }, ({ x }: { x: Tensor2D }) => {
    const [a, b, c] = split(x, [1, 3, 1]);
    return tf.concat([b!, a!, b!, tf.square(c!)]);
  }),
  check('matMul', { a: [3, 4], b: [4, 2] }, ({ a, b }: { a: Tensor2D; b: Tensor2D }) => matMul(a, b)),
  check('biasAdd', { x: [3, 4], bias: [4] }, (t: { x: Tensor2D; bias: Tensor1D }) => biasAdd(t.x, t.bias)),
  check('softmaxCrossEntropy', { logits: [3, 4] }, ({ logits }: { logits: Tensor2D }) =>
    softmaxCrossEntropy(
      logits,
      tf.tensor2d([0.1, 0.2, 0.3, 0.4, 0, 0, 1, 0, 0.25, 0.25, 0.25, 0.25], [3, 4]),
    ),
  ),
];

/** Checks the engine of this machine: versions, device, and the gradient of every op by finite differences. */
export function diagnose(onCheck: (name: string) => void = () => undefined): Diagnosis {
  const results = checks.map((each) => {
    onCheck(each.name);
    const maxError = gradientError(each);
    return { name: each.name, ok: maxError <= TOLERANCE, maxError };
  });
  const { tensorflow, device, library } = engineInfo;
  return {
    ok: results.every(({ ok }) => ok),
    tensorflow,
    device,
    library,
    tfjs: tf.version_core,
    node: process.version,
    threads: {
      cores: cpus().length,
      intraOp: process.env['TF_NUM_INTRAOP_THREADS'] ?? 'all cores',
      interOp: process.env['TF_NUM_INTEROP_THREADS'] ?? 'all cores',
    },
    checks: results,
  };
}
