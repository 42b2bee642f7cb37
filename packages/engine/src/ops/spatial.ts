import { type Tensor4D, tf } from '../tensorflow.ts';

/** Zeros around an image, in pixels. */
export interface Padding {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** x [batch, h, w, channels] with zeros around it. */
export function zeroPad(x: Tensor4D, { top, bottom, left, right }: Padding): Tensor4D {
  return tf.pad(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
}

/** Every `stride`-th pixel of the window that starts at [top, left] and has `size` = [height, width] of them. */
interface Window {
  top: number;
  left: number;
  stride: number;
  size: readonly [number, number];
}

/**
 * A window of x [batch, h, w, channels], strided. It is cut as a box out of the image seen as blocks of
 * stride × stride pixels: TensorFlow copies a box by the row, and StridedSlice, with its gradient, number by
 * number.
 * @returns [batch, ...size, channels]
 */
export function sample(x: Tensor4D, { top, left, stride, size: [rows, columns] }: Window): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  if (stride === 1) return tf.slice(x, [0, top, left, 0], [batch, rows, columns, channels]);
  const [down, across] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  const missing = { bottom: down * stride - height, right: across * stride - width };
  const whole = missing.bottom || missing.right ? zeroPad(x, { top: 0, left: 0, ...missing }) : x;
  const box = tf.slice(
    tf.reshape(whole, [batch, down, stride, across, stride * channels]),
    [0, Math.floor(top / stride), top % stride, Math.floor(left / stride), (left % stride) * channels],
    [batch, rows, 1, columns, channels],
  );
  return tf.reshape(box, [batch, rows, columns, channels]);
}

/** Every `stride`-th pixel from the first on: what a 1×1 convolution with that stride sees of x. */
export function subsample(x: Tensor4D, stride: number): Tensor4D {
  if (stride === 1) return x;
  const [, height, width] = x.shape;
  return sample(x, {
    top: 0,
    left: 0,
    stride,
    size: [Math.ceil(height / stride), Math.ceil(width / stride)],
  });
}
