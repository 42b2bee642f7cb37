import {
  depthwiseConv2d,
  type Interpolation,
  resize,
  type Size,
  type Tensor4D,
  tf,
} from '@resizer-lab/engine';
import { constant, type Scope } from '@resizer-lab/layers';

export interface MullerOptions {
  /** [height, width] of the output. */
  target: Size;
  /** How many bands of detail are weighed. */
  layers?: number;
  /** How the image and the bands are resized. */
  base?: Interpolation;
  /** Side of the Gaussian window in pixels, an odd number. */
  kernel?: number;
  /** Of the Gaussian, in pixels. */
  stddev?: number;
  /** How far white lies from black in the images, in each channel or in all. */
  span?: number | readonly number[];
}

/**
 * MULLER, the multilayer Laplacian resizer (Tu, Milanfar & Talebi 2023, "MULLER: Multilayer Laplacian
 * Resizer for Vision"), as its authors publish it: google-research/muller/models/muller.py.
 *
 * y = R(x) + Σₗ s · tanh(wₗ · R(xₗ − xₗ₋₁) / s + bₗ), where x₀ = x, xₗ = G(xₗ₋₁), R is the base
 * interpolation, G a Gaussian blur with zeros around the image, and s the span, 1 in the authors' code,
 * whose images lie in 0 … 1. The tanh keeps what a layer adds within the span, whatever range the
 * backbone wants. Their option to average whole factors before resizing is the base `area`.
 *
 * The parameters are the scalars `weight_1`, `bias_1`, …, four of them by default, all zero at first, so
 * that the first output is the base interpolation exactly.
 *
 * @param images [batch, h, w, channels]
 * @returns [batch, ...target, channels]
 * @throws Error for a window that is no odd number of pixels, or a deviation that is not positive
 */
export function mullerResizer(net: Scope, images: Tensor4D, options: MullerOptions): Tensor4D {
  const { target, layers = 2, base = 'bilinear', kernel = 5, stddev = 1, span = 1 } = options;
  const window = gaussian(kernel, stddev);
  const range = typeof span === 'number' ? tf.scalar(span) : tf.tensor1d([...span]);
  const scalar = (name: string) => net.parameter(name, { shape: [], trainable: true, initial: constant(0) });

  let y = resize(images, target, base);
  let x = images;
  for (let layer = 1; layer <= layers; layer++) {
    const blurred = blur(x, window);
    const band = tf.div(resize(tf.sub(blurred, x), target, base), range);
    const weighed = tf.add(tf.mul(band, scalar(`weight_${layer}`)), scalar(`bias_${layer}`));
    y = tf.add(y, tf.mul(range, tf.tanh(weighed)));
    x = blurred;
  }
  return y;
}

/** exp(−d² / 2σ²) for d from the middle, in sum 1. */
function gaussian(kernel: number, stddev: number): number[] {
  if (kernel % 2 !== 1 || !(stddev > 0)) {
    throw new Error(
      `MULLER's window is ${kernel} pixels wide with a deviation of ${stddev}; want an odd number and a positive one`,
    );
  }
  const middle = (kernel - 1) / 2;
  const heights = Array.from({ length: kernel }, (_, i) =>
    Math.exp(-((i - middle) ** 2) / (2 * stddev ** 2)),
  );
  const sum = heights.reduce((a, b) => a + b);
  return heights.map((height) => height / sum);
}

/** Along rows, then along columns. */
function blur(x: Tensor4D, window: readonly number[]): Tensor4D {
  const [, , , channels] = x.shape;
  const values = window.flatMap((weight) => Array<number>(channels).fill(weight));
  const across = depthwiseConv2d(x, tf.tensor4d(values, [1, window.length, channels, 1]));
  return depthwiseConv2d(across, tf.tensor4d(values, [window.length, 1, channels, 1]));
}
