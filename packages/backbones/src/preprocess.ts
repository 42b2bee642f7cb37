import { type Tensor, type Tensor4D, tf, toFloat } from '@resizer-lab/engine';
import type { Channels, Preprocessing } from './backbone.ts';

/**
 * What the first layer expects, from bytes.
 * @param images [batch, h, w, 3], red, green, blue, 0 … 255
 * @returns float32 [batch, h, w, 3]
 */
export function preprocess(images: Tensor4D, { offset, scale, order }: Preprocessing): Tensor4D {
  // In a compiled program TensorFlow makes this product of a division; written out, eager code has the same bits.
  const scaled: Tensor4D = tf.mul(tf.sub(toFloat(images), channelwise(offset)), channelwise(inverse(scale)));
  return order === 'bgr' ? tf.reverse(scaled, 3) : scaled;
}

const inverse = (scale: number | Channels): number | Channels =>
  typeof scale === 'number' ? 1 / scale : [1 / scale[0], 1 / scale[1], 1 / scale[2]];

function channelwise(value: number | Channels): Tensor {
  return typeof value === 'number' ? tf.scalar(value) : tf.tensor1d([...value]);
}

/** How far white lies from black in the range of a backbone, in its order of channels. */
export function spanOf({ scale, order }: Preprocessing): number | number[] {
  if (typeof scale === 'number') return 255 / scale;
  const spans = scale.map((one) => 255 / one);
  return order === 'bgr' ? spans.reverse() : spans;
}
