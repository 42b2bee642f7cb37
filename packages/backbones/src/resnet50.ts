import { globalAveragePool, relu, subsample, type Tensor2D, type Tensor4D } from '@resizer-lab/engine';
import type { Scope } from '@resizer-lab/layers';
import type { Backbone } from './backbone.ts';
import { convNorm, predictions, residual, stem7x7 } from './blocks.ts';

/** He et al. 2016, Table 1: blocks, channels of the bottleneck, stride of the first. */
const stages = [
  [3, 64, 1],
  [4, 128, 2],
  [6, 256, 2],
  [3, 512, 2],
] as const;

const blockCount = stages.reduce((sum, [blocks]) => sum + blocks, 0);

const norm = { epsilon: 1.001e-5, momentum: 0.99 };

function features(net: Scope, images: Tensor4D): Tensor2D {
  let x = stem7x7(net, images, { bias: true, pool: 'pool1_pool', norm });
  let done = 0;
  for (const [stage, [blocks, channels, firstStride]] of stages.entries()) {
    for (let block = 1; block <= blocks; block++) {
      const stride = block === 1 ? firstStride : 1;
      const name = `conv${stage + 2}_block${block}`;
      const options = { name, channels, stride, depth: done / blockCount };
      x = net.block([x], (part, input) => bottleneck(part, input, options));
      done++;
    }
  }
  return globalAveragePool(x);
}

interface BottleneckOptions {
  name: string;
  channels: number;
  stride: number;
  depth: number;
}

/**
 * 1×1, 3×3, 1×1 to four times the channels, + input, which a 1×1 convolution fits where shapes differ.
 * The stride is in the first convolution, as in the paper and in Keras, not in the 3×3 as in PyTorch.
 */
function bottleneck(net: Scope, input: Tensor4D, options: BottleneckOptions): Tensor4D {
  const { name, channels, stride, depth } = options;
  const step = (i: number, x: Tensor4D, window: { filters: number; kernel: number }) =>
    convNorm(net, [`${name}_${i}_conv`, `${name}_${i}_bn`], x, { ...window, bias: true, norm });

  const wide = { filters: 4 * channels, kernel: 1 };
  const seen = subsample(input, stride);
  const shortcut = input.shape[3] === 4 * channels ? input : step(0, seen, wide);
  let x = relu(step(1, seen, { filters: channels, kernel: 1 }));
  x = relu(step(2, x, { filters: channels, kernel: 3 }));
  x = residual(net, `${name}_add`, { shortcut, branch: step(3, x, wide), depth });
  return net.output(`${name}_out`, relu(x));
}

const citation = 'He et al., Deep Residual Learning for Image Recognition, CVPR 2016';

/** ResNet-50 (v1) as in Keras Applications. */
export const resnet50: Backbone = {
  name: 'resnet50',
  title: 'ResNet-50',
  citation,
  inputSize: 224,
  smallestSize: 1,
  // Caffe's: mean of ImageNet by channel, blue first.
  preprocessing: { offset: [123.68, 116.779, 103.939], scale: 1, order: 'bgr' },
  batchNorm: norm,
  dropRates: { dropout: 0, dropConnect: 0 },
  parameters: { total: 25_636_712, trainable: 25_583_592 },
  multiplyAdds: 3_857_973_248,
  features,
  head: predictions,
  headName: 'predictions',
  weights: [
    {
      name: 'ImageNet (Keras Applications)',
      url: 'https://storage.googleapis.com/tensorflow/keras-applications/resnet/resnet50_weights_tf_dim_ordering_tf_kernels.h5',
      format: 'keras-h5',
      checksum: { algorithm: 'md5', hex: '2cb95161c43110f7111970584f804107' },
      classes: 1000,
      licence: 'MIT',
      citation,
    },
  ],
};
