import { globalAveragePool, relu6, type Tensor2D, type Tensor4D, tf } from '@resizer-lab/engine';
import { batchNorm, conv, dense, depthwiseConv, type Scope } from '@resizer-lab/layers';
import type { Backbone } from './backbone.ts';

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

/** Channels are multiples of eight, and never fall by more than a tenth. */
function roundChannels(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

function features(net: Scope, images: Tensor4D, width: number): Tensor2D {
  let x = conv(net, 'Conv1', images, { filters: roundChannels(32 * width), kernel: 3, stride: 2 });
  x = relu6(batchNorm(net, 'bn_Conv1', x));
  let block = 0;
  for (const [expansion, channels, repeats, firstStride] of stages) {
    for (let i = 0; i < repeats; i++) {
      const options = {
        expansion,
        filters: roundChannels(channels * width),
        stride: i === 0 ? firstStride : 1,
      };
      x = invertedResidual(net, x, {
        ...options,
        prefix: block === 0 ? 'expanded_conv_' : `block_${block}_`,
      });
      block++;
    }
  }
  // The last convolution widens with the network but never narrows.
  const last = width > 1 ? roundChannels(1280 * width) : 1280;
  x = conv(net, 'Conv_1', x, { filters: last, kernel: 1 });
  return globalAveragePool(relu6(batchNorm(net, 'Conv_1_bn', x)));
}

interface BlockOptions {
  prefix: string;
  expansion: number;
  filters: number;
  stride: number;
}

/** 1×1 expansion, 3×3 depthwise, 1×1 linear projection, + input where the shapes allow. */
function invertedResidual(net: Scope, input: Tensor4D, options: BlockOptions): Tensor4D {
  const { prefix, expansion, filters, stride } = options;
  const channels = input.shape[3];
  let x = input;
  if (expansion > 1) {
    x = conv(net, `${prefix}expand`, x, { filters: expansion * channels, kernel: 1 });
    x = relu6(batchNorm(net, `${prefix}expand_BN`, x));
  }
  x = depthwiseConv(net, `${prefix}depthwise`, x, { kernel: 3, stride });
  x = relu6(batchNorm(net, `${prefix}depthwise_BN`, x));
  x = batchNorm(net, `${prefix}project_BN`, conv(net, `${prefix}project`, x, { filters, kernel: 1 }));
  return stride === 1 && channels === filters ? tf.add(input, x) : x;
}

/** MobileNet-v2 of a width, as in Keras Applications. */
export function mobilenetV2(
  width: number,
  spec: Pick<Backbone, 'name' | 'parameters' | 'weights'>,
): Backbone {
  return {
    ...spec,
    title: `MobileNet-v2 ${width.toFixed(2).replace(/0$/, '')}`,
    citation: 'Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR 2018',
    inputSize: 224,
    preprocessing: { offset: 127.5, scale: 127.5 },
    features: (net, images) => features(net, images, width),
    head: (net, pooled, classes) => dense(net, 'predictions', pooled, { units: classes }),
    headName: 'predictions',
  };
}
