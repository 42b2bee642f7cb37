import { globalAveragePool, relu6, type Tensor2D, type Tensor4D } from '@resizer-lab/engine';
import type { Scope } from '@resizer-lab/layers';
import type { Backbone } from './backbone.ts';
import { convNorm, predictions } from './blocks.ts';
import { invertedResidual } from './inverted-residual.ts';

/** Sandler et al. 2018, Table 2: expansion, channels, repeats, stride of the first. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

const blockCount = stages.reduce((sum, [, , repeats]) => sum + repeats, 0);

const norm = { epsilon: 1e-3, momentum: 0.99 };

/** Channels are multiples of eight, and never fall by more than a tenth. */
function roundChannels(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

function features(net: Scope, images: Tensor4D, width: number): Tensor2D {
  const stem = { filters: roundChannels(32 * width), kernel: 3, stride: 2, norm };
  let x = net.output('Conv1_relu', relu6(convNorm(net, ['Conv1', 'bn_Conv1'], images, stem)));
  let block = 0;
  for (const [expansion, channels, repeats, firstStride] of stages) {
    for (let i = 0; i < repeats; i++) {
      const options = {
        layers: layersOf(block),
        expansion,
        filters: roundChannels(channels * width),
        kernel: 3,
        stride: i === 0 ? firstStride : 1,
        activation: relu6,
        depth: block / blockCount,
        norm,
      };
      x = net.block([x], (part, input) => invertedResidual(part, input, options));
      block++;
    }
  }
  // The last convolution widens with the network but never narrows.
  const last = { filters: width > 1 ? roundChannels(1280 * width) : 1280, kernel: 1, norm };
  x = net.output('out_relu', relu6(convNorm(net, ['Conv_1', 'Conv_1_bn'], x, last)));
  return globalAveragePool(x);
}

function layersOf(block: number) {
  const prefix = block === 0 ? 'expanded_conv_' : `block_${block}_`;
  return {
    expand: [`${prefix}expand`, `${prefix}expand_BN`],
    depthwise: [`${prefix}depthwise`, `${prefix}depthwise_BN`],
    project: [`${prefix}project`, `${prefix}project_BN`],
    add: `${prefix}add`,
  } as const;
}

const citation = 'Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR 2018';

/** MobileNet-v2 of a width, as in Keras Applications. */
export function mobilenetV2(
  width: number,
  spec: Pick<Backbone, 'name' | 'parameters' | 'multiplyAdds'>,
): Backbone {
  const shown = width.toFixed(2).replace(/0$/, '');
  return {
    ...spec,
    title: `MobileNet-v2 ${shown}`,
    citation,
    inputSize: 224,
    smallestSize: 1,
    preprocessing: { offset: 127.5, scale: 127.5 },
    batchNorm: norm,
    dropRates: { dropout: 0.2, dropConnect: 0 },
    features: (net, images) => features(net, images, width),
    head: predictions,
    headName: 'predictions',
    weights: [
      {
        name: 'ImageNet (Keras Applications)',
        url: `https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_${shown}_224.h5`,
        format: 'keras-h5',
        classes: 1000,
        licence: 'Apache-2.0',
        citation,
      },
    ],
  };
}
