import {
  averagePool,
  concat,
  globalAveragePool,
  maxPool,
  type PoolOptions,
  relu,
  type Tensor2D,
  type Tensor4D,
  tf,
} from '@resizer-lab/engine';
import { batchNorm, conv, depthwiseConv, dropout, type Scope } from '@resizer-lab/layers';
import type { Backbone } from './backbone.ts';
import { refuseDropConnect } from './blocks.ts';

/** Parameters stand under this name in TF-Slim's checkpoints; its end points go by their bare names. */
const ROOT = 'InceptionV2';

const norm = { epsilon: 1e-3, momentum: 0.99 };

const pool = (stride: number) => ({ size: 3, stride, padding: 'same' }) as const;

function features(net: Scope, images: Tensor4D): Tensor2D {
  refuseDropConnect(net, inceptionV2.title);
  const slim = net.in(ROOT);
  const end = (name: string, x: Tensor4D) => net.output(name, x);

  let x = end('Conv2d_1a_7x7', separable7x7(slim, images));
  x = end('MaxPool_2a_3x3', maxPool(x, pool(2)));
  x = end('Conv2d_2b_1x1', unit(slim, 'Conv2d_2b_1x1', x, { filters: 64 }));
  x = end('Conv2d_2c_3x3', unit(slim, 'Conv2d_2c_3x3', x, { filters: 192, kernel: 3 }));
  x = end('MaxPool_3a_3x3', maxPool(x, pool(2)));

  const mixed = (name: string, branches: Omit<InceptionOptions, 'lastPool'>, lastPool = averagePool) => {
    const options = { ...branches, lastPool };
    x = end(
      name,
      slim.in(name).block([x], (module, input) => inception(module, input, options)),
    );
  };
  const smaller = (name: string, branches: Branches) => {
    x = end(
      name,
      slim.in(name).block([x], (module, input) => reduction(module, input, branches)),
    );
  };
  mixed('Mixed_3b', { first: 64, middle: [64, 64], double: [64, 96], last: 32 });
  mixed('Mixed_3c', { first: 64, middle: [64, 96], double: [64, 96], last: 64 });
  smaller('Mixed_4a', { middle: [128, 160], double: [64, 96] });
  mixed('Mixed_4b', { first: 224, middle: [64, 96], double: [96, 128], last: 128 });
  mixed('Mixed_4c', { first: 192, middle: [96, 128], double: [96, 128], last: 128 });
  mixed('Mixed_4d', { first: 160, middle: [128, 160], double: [128, 160], last: 96 });
  mixed('Mixed_4e', { first: 96, middle: [128, 192], double: [160, 192], last: 96 });
  smaller('Mixed_5a', { middle: [128, 192], double: [192, 256] });
  mixed('Mixed_5b', { first: 352, middle: [192, 320], double: [160, 224], last: 128 });
  mixed('Mixed_5c', { first: 352, middle: [192, 320], double: [192, 224], last: 128 }, maxPool);
  return globalAveragePool(x);
}

const slimNames = { kernel: 'weights', bias: 'biases' };

/** Depthwise 7×7/2 with eight kernels a channel, pointwise 1×1 with a bias, ReLU; no batch norm. */
function separable7x7(slim: Scope, images: Tensor4D): Tensor4D {
  const layer = 'Conv2d_1a_7x7';
  const depthwise = { kernel: 7, stride: 2, multiplier: 8, parameter: 'depthwise_weights' };
  const pointwise = { kernel: 'pointwise_weights', bias: 'biases' };
  const x = depthwiseConv(slim, layer, images, depthwise);
  return relu(conv(slim, layer, x, { filters: 64, kernel: 1, bias: true, names: pointwise }));
}

/** Convolution, batch norm without γ, ReLU. */
function unit(
  slim: Scope,
  name: string,
  x: Tensor4D,
  { filters, kernel = 1, stride = 1 }: { filters: number; kernel?: number; stride?: number },
): Tensor4D {
  const y = conv(slim, name, x, { filters, kernel, stride, names: slimNames });
  return relu(batchNorm(slim.in(name), 'BatchNorm', y, { ...norm, scale: false }));
}

/** Channels of the branches that every module has: of the 1×1, and of each 3×3 behind it. */
interface Branches {
  /** With one 3×3. */
  middle: readonly [number, number];
  /** With two. */
  double: readonly [number, number];
}

interface InceptionOptions extends Branches {
  /** Channels of the branch that is a 1×1 alone. */
  first: number;
  /** Channels of the 1×1 behind the pool. */
  last: number;
  lastPool: (x: Tensor4D, options: PoolOptions) => Tensor4D;
}

/** Szegedy et al. 2016, Fig. 5: 1×1; 1×1, 3×3; 1×1, 3×3, 3×3; pool, 1×1; side by side. */
function inception(
  module: Scope,
  x: Tensor4D,
  { first, middle, double, last, lastPool }: InceptionOptions,
): Tensor4D {
  const b0 = unit(module, 'Branch_0/Conv2d_0a_1x1', x, { filters: first });
  let b1 = unit(module, 'Branch_1/Conv2d_0a_1x1', x, { filters: middle[0] });
  b1 = unit(module, 'Branch_1/Conv2d_0b_3x3', b1, { filters: middle[1], kernel: 3 });
  let b2 = unit(module, 'Branch_2/Conv2d_0a_1x1', x, { filters: double[0] });
  b2 = unit(module, 'Branch_2/Conv2d_0b_3x3', b2, { filters: double[1], kernel: 3 });
  b2 = unit(module, 'Branch_2/Conv2d_0c_3x3', b2, { filters: double[1], kernel: 3 });
  const b3 = unit(module, 'Branch_3/Conv2d_0b_1x1', lastPool(x, pool(1)), { filters: last });
  return concat([b0, b1, b2, b3]);
}

/** Halves the size: 1×1, 3×3/2; 1×1, 3×3, 3×3/2; max pool /2; side by side. */
function reduction(module: Scope, x: Tensor4D, { middle, double }: Branches): Tensor4D {
  let b0 = unit(module, 'Branch_0/Conv2d_0a_1x1', x, { filters: middle[0] });
  b0 = unit(module, 'Branch_0/Conv2d_1a_3x3', b0, { filters: middle[1], kernel: 3, stride: 2 });
  let b1 = unit(module, 'Branch_1/Conv2d_0a_1x1', x, { filters: double[0] });
  b1 = unit(module, 'Branch_1/Conv2d_0b_3x3', b1, { filters: double[1], kernel: 3 });
  b1 = unit(module, 'Branch_1/Conv2d_1a_3x3', b1, { filters: double[1], kernel: 3, stride: 2 });
  return concat([b0, b1, maxPool(x, pool(2))]);
}

const headName = `${ROOT}/Logits/Conv2d_1c_1x1`;

/** Dropout and a 1×1 convolution, which is what TF-Slim's fully connected layer is. */
function head(net: Scope, pooled: Tensor2D, classes: number): Tensor2D {
  const [batch, channels] = pooled.shape;
  const x = tf.reshape(dropout(net, `${ROOT}/Logits/Dropout_1b`, pooled), [batch, 1, 1, channels]);
  const logits = conv(net, headName, x as Tensor4D, {
    filters: classes,
    kernel: 1,
    bias: true,
    names: slimNames,
  });
  return tf.reshape(logits, [batch, classes]);
}

const citation =
  'Ioffe & Szegedy, Batch Normalization, ICML 2015; Szegedy et al., Rethinking the Inception Architecture, CVPR 2016';

/** Inception-v2 (BN-Inception) as TF-Slim's own arg scope builds it. */
export const inceptionV2: Backbone = {
  name: 'inception_v2',
  title: 'Inception-v2',
  citation,
  inputSize: 224,
  smallestSize: 1,
  preprocessing: { offset: 127.5, scale: 127.5 },
  batchNorm: norm,
  dropRates: { dropout: 0.2 },
  parameters: { total: 11_198_112, trainable: 11_178_336 },
  multiplyAdds: 1_934_857_216,
  features,
  head,
  headName,
  weights: [
    {
      name: 'ImageNet (TF-Slim)',
      url: 'http://download.tensorflow.org/models/inception_v2_2016_08_28.tar.gz',
      format: 'tensorflow-checkpoint-tar',
      classes: 1001,
      licence: 'Apache-2.0',
      citation,
    },
  ],
};
