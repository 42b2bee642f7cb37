import { isDeepStrictEqual } from 'node:util';
import { type Preprocessing, preprocess } from '@resizer-lab/backbones';
import { type Tensor4D, tf } from '@resizer-lab/engine';

/**
 * Images in the range of one backbone, in that of another: back to 0 … 255, then the other's
 * preprocessing. Nothing is done where the two are the same. images: [batch, h, w, 3].
 */
export function betweenRanges(images: Tensor4D, from: Preprocessing, to: Preprocessing): Tensor4D {
  if (isDeepStrictEqual(from, to)) return images;
  const rgb = from.order === 'bgr' ? tf.reverse(images, 3) : images;
  const vector = (value: Preprocessing['scale']) =>
    typeof value === 'number' ? tf.scalar(value) : tf.tensor1d([...value]);
  const bytes: Tensor4D = tf.add(tf.mul(rgb, vector(from.scale)), vector(from.offset));
  return preprocess(bytes, to);
}
