import { globalAveragePool, relu6, swish, type Tensor2D, type Tensor4D } from '@resizer-lab/engine';
import type { Scope } from '@resizer-lab/layers';
import type { Backbone } from './backbone.ts';
import { convNorm, predictions } from './blocks.ts';
import { invertedResidual, squeezeExcite } from './inverted-residual.ts';

/** Tan & Le 2019, Table 1: expansion, kernel, channels, repeats, stride of the first. */
const stages = [
  [1, 3, 16, 1, 1],
  [6, 3, 24, 2, 2],
  [6, 5, 40, 2, 2],
  [6, 3, 80, 3, 2],
  [6, 5, 112, 3, 1],
  [6, 5, 192, 4, 2],
  [6, 3, 320, 1, 1],
] as const;

const blockCount = stages.reduce((sum, [, , , repeats]) => sum + repeats, 0);

const norm = { epsilon: 1e-3, momentum: 0.99 };

interface Variant {
  activation: (x: Tensor4D) => Tensor4D;
  /** Channels in the middle of a squeeze-and-excitation, as a share of the block's input; absent: none. */
  attention?: number;
}

function features(net: Scope, images: Tensor4D, variant: Variant): Tensor2D {
  const { activation } = variant;
  const stem = { filters: 32, kernel: 3, stride: 2, norm };
  let x = net.output('stem_activation', activation(convNorm(net, ['stem_conv', 'stem_bn'], images, stem)));
  let done = 0;
  for (const [stage, [expansion, kernel, filters, repeats, firstStride]] of stages.entries()) {
    for (let i = 0; i < repeats; i++) {
      const name = `block${stage + 1}${'abcd'[i]}`;
      const window = { expansion, kernel, filters, stride: i === 0 ? firstStride : 1 };
      const options = { ...window, name, variant, depth: done / blockCount };
      x = net.block([x], (part, input) => block(part, input, options));
      done++;
    }
  }
  const top = { filters: 1280, kernel: 1, norm };
  return globalAveragePool(
    net.output('top_activation', activation(convNorm(net, ['top_conv', 'top_bn'], x, top))),
  );
}

interface BlockOptions {
  name: string;
  expansion: number;
  kernel: number;
  filters: number;
  stride: number;
  depth: number;
  variant: Variant;
}

function block(net: Scope, input: Tensor4D, options: BlockOptions): Tensor4D {
  const { name, variant, ...window } = options;
  const { activation, attention } = variant;
  const layers = {
    expand: [`${name}_expand_conv`, `${name}_expand_bn`],
    depthwise: [`${name}_dwconv`, `${name}_bn`],
    project: [`${name}_project_conv`, `${name}_project_bn`],
    add: `${name}_add`,
  } as const;
  if (attention === undefined) return invertedResidual(net, input, { ...window, layers, activation, norm });
  const squeeze = {
    layers: [`${name}_se_reduce`, `${name}_se_expand`] as const,
    filters: Math.floor(attention * input.shape[3]),
    activation,
  };
  const attend = (x: Tensor4D) => squeezeExcite(net, x, squeeze);
  return invertedResidual(net, input, { ...window, layers, activation, norm, attention: attend });
}

const shared = {
  inputSize: 224,
  smallestSize: 1,
  batchNorm: norm,
  dropRates: { dropout: 0.2, dropConnect: 0.2 },
  head: predictions,
  headName: 'predictions',
};

const citation =
  'Tan & Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML 2019';

/** EfficientNet-B0 as in Keras Applications, whose preprocessing layers are the spec's `preprocessing` here. */
export const efficientnetB0: Backbone = {
  ...shared,
  name: 'efficientnetb0',
  title: 'EfficientNet-B0',
  citation,
  preprocessing: {
    offset: [0.485 * 255, 0.456 * 255, 0.406 * 255],
    scale: [0.229 * 255, 0.224 * 255, 0.225 * 255],
  },
  parameters: { total: 5_330_564, trainable: 5_288_548 },
  multiplyAdds: 385_814_752,
  features: (net, images) => features(net, images, { activation: swish, attention: 0.25 }),
  weights: [
    {
      name: 'ImageNet (Keras Applications)',
      url: 'https://storage.googleapis.com/keras-applications/efficientnetb0.h5',
      format: 'keras-h5',
      checksum: { algorithm: 'md5', hex: '902e53a9f72be733fc0bcb005b3ebbac' },
      classes: 1000,
      extraLayers: ['normalization'],
      licence: 'Apache-2.0',
      citation,
    },
  ],
};

/** EfficientNet-Lite0: B0 without squeeze-and-excitation, and ReLU6 for swish. */
export const efficientnetLite0: Backbone = {
  ...shared,
  name: 'efficientnet_lite0',
  title: 'EfficientNet-Lite0',
  citation: 'Liu, Higher accuracy on vision models with EfficientNet-Lite, TensorFlow blog, March 2020',
  preprocessing: { offset: 127, scale: 128 },
  parameters: { total: 4_694_024, trainable: 4_652_008 },
  multiplyAdds: 385_187_552,
  features: (net, images) => features(net, images, { activation: relu6 }),
  weights: [
    {
      name: 'ImageNet (TensorFlow TPU models)',
      url: 'https://storage.googleapis.com/cloud-tpu-checkpoints/efficientnet/lite/efficientnet-lite0.tar.gz',
      format: 'tensorflow-checkpoint-tar',
      classes: 1000,
      licence: 'Apache-2.0',
      citation,
    },
  ],
};
