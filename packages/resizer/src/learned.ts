import { type Interpolation, leakyRelu, resize, type Size, type Tensor4D, tf } from '@resizer-lab/engine';
import { batchNorm, constant, conv, glorotUniform, type Scope } from '@resizer-lab/layers';

export interface LearnedResizerOptions {
  /** [height, width] of the output. */
  target: Size;
  /** n of the paper. */
  filters?: number;
  /** r of the paper. */
  blocks?: number;
  /** How the features and the image are resized inside. */
  base?: Interpolation;
  /**
   * `random` as in the paper; `identity`: the last convolution starts at zero, so that the first
   * output is the base interpolation exactly.
   */
  start?: 'random' | 'identity';
}

/**
 * The learned resizer of Talebi & Milanfar 2021 (Fig. 3).
 *
 * conv 7×7 → LeakyReLU 0.2 → conv 1×1 → LeakyReLU → batch norm → resize = F; r residual blocks;
 * conv 3×3, batch norm, + F; conv 7×7 to three channels, + the resized image. No bias, `same` padding,
 * no activation at the end.
 *
 * @param images [batch, h, w, 3], in the range that the backbone expects
 * @returns [batch, ...target, 3]
 */
export function learnedResizer(net: Scope, images: Tensor4D, options: LearnedResizerOptions): Tensor4D {
  const { target, filters = 16, blocks = 1, base = 'bilinear', start = 'random' } = options;
  const initial = glorotUniform;

  let y = leakyRelu(conv(net, 'conv_in_7x7', images, { filters, kernel: 7, initial }));
  y = leakyRelu(conv(net, 'conv_in_1x1', y, { filters, kernel: 1, initial }));
  const features = resize(batchNorm(net, 'bn_in', y), target, base);

  y = features;
  for (let i = 1; i <= blocks; i++) y = residualBlock(net.in(`res${i}`), y);

  y = conv(net, 'conv_mid', y, { filters, kernel: 3, initial });
  y = tf.add(batchNorm(net, 'bn_mid', y), features);
  const last = { filters: 3, kernel: 7, initial: start === 'identity' ? constant(0) : initial };
  return tf.add(conv(net, 'conv_out', y, last), resize(images, target, base));
}

/** conv 3×3, batch norm, LeakyReLU, conv 3×3, batch norm, + input. */
function residualBlock(net: Scope, x: Tensor4D): Tensor4D {
  const options = { filters: x.shape[3], kernel: 3, initial: glorotUniform };
  const y = leakyRelu(batchNorm(net, 'bn1', conv(net, 'conv1', x, options)));
  return tf.add(batchNorm(net, 'bn2', conv(net, 'conv2', y, options)), x);
}
