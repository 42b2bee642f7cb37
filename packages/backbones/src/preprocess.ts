import { type Tensor, type Tensor4D, tf, toFloat } from '@resizer-lab/engine';
import type { Channels, Preprocessing } from './backbone.ts';

/**
 * What the first layer expects, from bytes.
 * @param images [batch, h, w, 3], red, green, blue, 0 … 255
 * @returns float32 [batch, h, w, 3]
 */
export function preprocess(images: Tensor4D, { offset, scale, order }: Preprocessing): Tensor4D {
  const [batch, height, width] = images.shape;
  // Numbers for a row of pixels meet long rows; for three channels TensorFlow would start anew at each pixel.
  const along = (value: number | Channels) => (typeof value === 'number' ? value : rowOf(value, width));
  const rows = tf.reshape(toFloat(images), [batch * height, width * 3]);
  // In a compiled program TensorFlow makes this product of a division; written out, eager code has the same bits.
  const scaled = tf.mul(tf.sub(rows, along(offset)), along(inverse(scale)));
  const pixels: Tensor4D = tf.reshape(scaled, [batch, height, width, 3]);
  return order === 'bgr' ? tf.reverse(pixels, 3) : pixels;
}

const inverse = (scale: number | Channels): number | Channels =>
  typeof scale === 'number' ? 1 / scale : [1 / scale[0], 1 / scale[1], 1 / scale[2]];

function rowOf(value: Channels, width: number): Tensor {
  return tf.tensor1d(Float32Array.from({ length: width * 3 }, (_, i) => value[i % 3]!));
}

/** How far white lies from black in the range of a backbone, in its order of channels. */
export function spanOf({ scale, order }: Preprocessing): number | number[] {
  if (typeof scale === 'number') return 255 / scale;
  const spans = scale.map((one) => 255 / one);
  return order === 'bgr' ? spans.reverse() : spans;
}
