import { defineUnary } from '../native.ts';
import { type Tensor, type Tensor4D, tf } from '../tensorflow.ts';
import { averagePool } from './pooling.ts';
import type { Size } from './resize.ts';

/** Which of the `from` pixels of a row lie under each of the `to` pixels that it is cut into anew. */
interface Cover {
  /** [to, taps], in order. */
  pixels: Int32Array;
  /** [to, taps], where the row is `from` · `to` long, so that all are whole numbers. */
  overlaps: Float32Array;
  taps: number;
}

function coverOf(from: number, to: number): Cover {
  const first = Array.from({ length: to }, (_, i) => Math.floor((i * from) / to));
  const taps = Math.max(...first.map((start, i) => Math.ceil(((i + 1) * from) / to) - start));
  const pixels = new Int32Array(to * taps);
  const overlaps = new Float32Array(to * taps);
  for (let tap = 0; tap < pixels.length; tap++) {
    const i = Math.floor(tap / taps);
    const pixel = first[i]! + (tap % taps);
    pixels[tap] = Math.min(pixel, from - 1);
    overlaps[tap] = Math.max(0, Math.min((i + 1) * from, (pixel + 1) * to) - Math.max(i * from, pixel * to));
  }
  return { pixels, overlaps, taps };
}

/** Sums along an axis of what lies under each of `to` new pixels, times its overlap / `unit`. */
function gatherSum(x: Tensor, axis: 1 | 2, { to, unit }: { to: number; unit: number }): Tensor {
  const { shape } = x;
  const from = shape[axis]!;
  if (from === to) return x;
  const before = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const after = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const { pixels, overlaps, taps } = coverOf(from, to);
  const weights = tf.tensor3d(
    overlaps.map((overlap) => overlap / unit),
    [to, taps, 1],
  );
  const gathered = tf.gather(tf.reshape(x, [before, from, after]), tf.tensor1d(pixels, 'int32'), 1);
  const sums = tf.sum(tf.mul(tf.reshape(gathered, [before, to, taps, after]), weights), 2);
  return tf.reshape(
    sums,
    shape.map((length, i) => (i === axis ? to : length)),
  );
}

/*
 * The operator is symmetric but for its unit: the gradient covers the source with the output's pixels.
 * TensorFlow's ResizeArea has no gradient, runs on CPUs only, and rounds a pixel's edges to float32.
 */
const areaOp = defineUnary<{ x: Tensor }, { size: Size }>({
  name: 'resizeArea',
  saveInputs: ['x'],
  run: ({ x }, { size: [height, width] }) => {
    const rows = gatherSum(x, 1, { to: height, unit: x.shape[1]! });
    return gatherSum(rows, 2, { to: width, unit: x.shape[2]! });
  },
  gradient: ([dy], [x]) => ({
    x: () => {
      const [, height, width] = x!.shape as [number, number, number];
      const columns = gatherSum(dy!, 2, { to: width, unit: width });
      return gatherSum(columns, 1, { to: height, unit: height });
    },
  }),
});

/**
 * Each output pixel is the mean of the source under it, pixels that it covers in part counted in part;
 * as `tf.image.resize(…, 'area')`.
 * @param x [batch, h, w, channels]
 * @returns [batch, size[0], size[1], channels]
 */
export function resizeArea(x: Tensor4D, size: Size): Tensor4D {
  const [down, across] = [x.shape[1] / size[0], x.shape[2] / size[1]];
  // The most common case has a kernel, about four times as fast.
  if (Number.isInteger(down) && down === across) {
    return averagePool(x, { size: down, stride: down, padding: 'valid' });
  }
  return areaOp({ x }, { size }) as Tensor4D;
}
