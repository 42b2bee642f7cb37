import { UserError } from '@resizer-lab/base';
import {
  averagePool,
  concat,
  globalAveragePool,
  relu,
  type Tensor2D,
  type Tensor4D,
} from '@resizer-lab/engine';
import { batchNorm, batchNormOfParts, conv, convOfParts, type Scope } from '@resizer-lab/layers';
import type { Backbone } from './backbone.ts';
import { convNorm, predictions, refuseDropConnect, stem7x7 } from './blocks.ts';

/** Huang et al. 2017, Table 1: dense layers of the four blocks. */
const blocks = [6, 12, 24, 16] as const;

/** k of the paper: channels that each layer adds. */
const growth = 32;

const norm = { epsilon: 1.001e-5, momentum: 0.99 };

/** Five halvings, of which the last three round down. */
const smallestSize = 29;

function features(net: Scope, images: Tensor4D): Tensor2D {
  refuseDropConnect(net, densenet121.title);
  refuseSmall(images);
  let parts = [stem7x7(net, images, { bias: false, pool: 'pool1', norm })];
  for (const [i, layers] of blocks.entries()) {
    const stage = i + 2;
    for (let layer = 1; layer <= layers; layer++) {
      const name = `conv${stage}_block${layer}`;
      const more = net.block(parts, (part, ...seen) => denseLayer(part, { name, stage, seen }));
      parts = bundled([...parts, more]);
    }
    if (i < blocks.length - 1) {
      const name = `pool${stage}`;
      parts = [net.block(parts, (part, ...seen) => transition(part, name, together(part, stage, seen)))];
    }
  }
  return net.block(parts, (part, ...seen) => top(part, together(part, blocks.length + 1, seen)));
}

/**
 * What a layer of a dense block sees: the block's input and what all layers before it made. Each concatenation
 * is made of the parts, not of the one before it: so the gradient of a part is one sum, not a chain of sums.
 */
function together(net: Scope, stage: number, parts: readonly Tensor4D[]): Tensor4D {
  const [first, ...made] = parts;
  if (made.length === 0) return first!;
  const layers = made.reduce((channels, part) => channels + part.shape[3], 0) / growth;
  return net.output(`conv${stage}_block${layers}_concat`, concat([first!, ...made]));
}

/**
 * The last four new parts as one, where there are so many, and what is then no wider than twice the part behind it
 * as one with that: fewer and wider parts cost less in all layers to come.
 */
function bundled(parts: readonly Tensor4D[]): Tensor4D[] {
  const fresh = parts.slice(-4);
  if (fresh.length < 4 || fresh.some((part) => part.shape[3] !== growth)) return [...parts];
  const bundles = [...parts.slice(0, -4), concat(fresh)];
  const widthOf = (place: number) => bundles.at(place)!.shape[3];
  while (bundles.length > 1 && widthOf(-2) <= 2 * widthOf(-1)) bundles.push(concat(bundles.splice(-2)));
  return bundles;
}

/** A layer's place, and what it sees. */
interface Seen {
  name: string;
  stage: number;
  seen: readonly Tensor4D[];
}

/** `growth` more channels: batch norm, ReLU, 1×1, batch norm, ReLU, 3×3. */
function denseLayer(net: Scope, place: Seen): Tensor4D {
  const narrow = net.training ? narrowOfParts : narrowOfWhole;
  return conv(net, `${place.name}_2_conv`, relu(narrow(net, place)), { filters: growth, kernel: 3 });
}

const filters = 4 * growth;

/** In inference the batch norm behind the convolution becomes a part of it, which a sum would prevent. */
function narrowOfWhole(net: Scope, { name, stage, seen }: Seen): Tensor4D {
  const x = relu(batchNorm(net, `${name}_0_bn`, together(net, stage, seen), norm));
  return convNorm(net, [`${name}_1_conv`, `${name}_1_bn`], x, { filters, kernel: 1, norm });
}

/** The same without a concatenation, which would have to be kept for the backward pass: a quarter of its memory. */
function narrowOfParts(net: Scope, { name, stage, seen }: Seen): Tensor4D {
  if (net.isObserved) together(net, stage, seen);
  const small = seen.filter((part) => part.shape[3] === growth);
  const parts = seen.filter((part) => part.shape[3] !== growth);
  if (small.length > 0) parts.push(concat(small));
  const x = batchNormOfParts(net, `${name}_0_bn`, parts, norm).map(relu);
  return batchNorm(net, `${name}_1_bn`, convOfParts(net, `${name}_1_conv`, x, { filters }), norm);
}

/** Half the channels and half the size. */
function transition(net: Scope, name: string, x: Tensor4D): Tensor4D {
  let y = relu(batchNorm(net, `${name}_bn`, x, norm));
  y = conv(net, `${name}_conv`, y, { filters: x.shape[3] / 2, kernel: 1 });
  return net.output(`${name}_pool`, averagePool(y, { size: 2, stride: 2, padding: 'valid' }));
}

function top(net: Scope, x: Tensor4D): Tensor2D {
  return globalAveragePool(net.output('relu', relu(batchNorm(net, 'bn', x, norm))));
}

function refuseSmall({ shape: [, height, width] }: Tensor4D): void {
  if (Math.min(height, width) >= smallestSize) return;
  throw new UserError(
    `DenseNet-121 halves images five times and needs at least ${smallestSize}×${smallestSize} pixels, not ` +
      `${height}×${width}; take a larger target size.`,
    { exitCode: 2 },
  );
}

const citation = 'Huang et al., Densely Connected Convolutional Networks, CVPR 2017';

/** DenseNet-121 as in Keras Applications. */
export const densenet121: Backbone = {
  name: 'densenet121',
  title: 'DenseNet-121',
  citation,
  inputSize: 224,
  smallestSize,
  // Torch's: mean and deviation of ImageNet by channel.
  preprocessing: {
    offset: [0.485 * 255, 0.456 * 255, 0.406 * 255],
    scale: [0.229 * 255, 0.224 * 255, 0.225 * 255],
  },
  batchNorm: norm,
  dropRates: { dropout: 0 },
  parameters: { total: 8_062_504, trainable: 7_978_856 },
  multiplyAdds: 2_834_161_664,
  features,
  head: predictions,
  headName: 'predictions',
  weights: [
    {
      name: 'ImageNet (Keras Applications)',
      url: 'https://storage.googleapis.com/tensorflow/keras-applications/densenet/densenet121_weights_tf_dim_ordering_tf_kernels.h5',
      format: 'keras-h5',
      checksum: { algorithm: 'md5', hex: '9d60b8095a5708f2dcce2bca79d332c7' },
      classes: 1000,
      licence: 'BSD-3-Clause',
      citation,
    },
  ],
};
