import { UserError } from '@resizer-lab/base';
import { maxPool, relu, type Tensor2D, type Tensor4D, tf, zeroPad } from '@resizer-lab/engine';
import {
  batchNorm,
  type BatchNormOptions,
  conv,
  type ConvOptions,
  dense,
  depthwiseConv,
  type DepthwiseConvOptions,
  dropConnect,
  dropout,
  type Scope,
} from '@resizer-lab/layers';

/** Names of a convolution and of the batch norm behind it. */
export type LayerPair = readonly [convolution: string, batchNorm: string];

/** Convolution, then batch norm; with the batch's statistics, a bias between them cancels out. */
export function convNorm(
  net: Scope,
  [layer, norm]: LayerPair,
  x: Tensor4D,
  options: ConvOptions & { norm: BatchNormOptions },
): Tensor4D {
  const { norm: normOptions, ...window } = options;
  return batchNorm(net, norm, conv(net, layer, x, { ...window, biasCancels: net.training }), normOptions);
}

/** Depthwise convolution, then batch norm. */
export function depthwiseNorm(
  net: Scope,
  [layer, norm]: LayerPair,
  x: Tensor4D,
  options: DepthwiseConvOptions & { norm: BatchNormOptions },
): Tensor4D {
  const { norm: normOptions, ...window } = options;
  return batchNorm(net, norm, depthwiseConv(net, layer, x, window), normOptions);
}

/**
 * The sum that ends a residual block, its branch subject to the scope's drop-connect.
 * @param options depth: where in the network the block stands, 0 … 1
 */
export function residual(
  net: Scope,
  name: string,
  branches: { shortcut: Tensor4D; branch: Tensor4D; depth: number },
): Tensor4D {
  const { shortcut, branch, depth } = branches;
  return net.output(name, tf.add(shortcut, dropConnect(net, name, branch, { depth })));
}

const around = (pixels: number) => ({ top: pixels, bottom: pixels, left: pixels, right: pixels });

/** The stem of ResNet and DenseNet in Keras: 7×7/2, batch norm, ReLU, 3×3/2 max pool, zeros on all sides. */
export function stem7x7(
  net: Scope,
  images: Tensor4D,
  { bias, pool, norm }: { bias: boolean; pool: string; norm: BatchNormOptions },
): Tensor4D {
  const options = { filters: 64, kernel: 7, stride: 2, padding: around(3), bias, norm };
  const x = convNorm(net, ['conv1_conv', 'conv1_bn'], images, options);
  if (net.isObserved) net.output('conv1_relu', relu(x));
  // ReLU and maximum change places: so the backward pass needs the quarter of the pixels that the pool leaves.
  return net.output(pool, relu(maxPool(zeroPad(x, around(1)), { size: 3, stride: 2, padding: 'valid' })));
}

/** The head of the Keras models: dropout, fully connected. */
export function predictions(net: Scope, pooled: Tensor2D, classes: number): Tensor2D {
  return dense(net, 'predictions', dropout(net, 'top_dropout', pooled), { units: classes });
}

/** @throws UserError for drop-connect in a network that has no residual branches */
export function refuseDropConnect(net: Scope, title: string): void {
  const { dropConnect: rate = 0 } = net.dropRates;
  if (rate === 0) return;
  throw new UserError(
    `${title} has no residual branches, so that a drop-connect rate of ${rate} would do nothing; set it to 0.`,
    { exitCode: 2 },
  );
}
