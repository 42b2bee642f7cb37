import fc from 'fast-check';
import { expect, it } from 'vitest';
import { conv2d, type Tensor4D, tf } from '../index.ts';
import { pixelsTogether } from './narrow-convolution.ts';

const numbers = (phase: number, ...shape: [number, number, number, number]): Tensor4D =>
  tf.tensor4d(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(phase + i * i)),
    shape,
  );

function expectSame(ours: Tensor4D, theirs: Tensor4D): void {
  expect(ours.shape).toEqual(theirs.shape);
  expect((tf.max(tf.abs(tf.sub(ours, theirs))).dataSync() as Float32Array)[0]).toBeLessThan(1e-3);
}

it('few output channels are made for several pixels at once where these fill the lanes and the width', () => {
  expect(pixelsTogether(3, 224)).toBe(4);
  expect(pixelsTogether(3, 230)).toBe(2);
  expect(pixelsTogether(3, 225)).toBe(1);
  expect(pixelsTogether(5, 224)).toBe(2);
  expect(pixelsTogether(9, 224)).toBe(1);
});

it('a convolution with few output channels is the convolution, and so are its gradients', () => {
  const small = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(
      fc.tuple(fc.integer({ min: 6, max: 14 }), fc.integer({ min: 2, max: 5 }), small, small),
      fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
      fc.integer({ min: 1, max: 5 }),
      ([height, quads, inputs, outputs], [left, right], kernel) => {
        tf.tidy(() => {
          // An output of whole fours of pixels, and many enough for it not to be made of patches.
          const width = 4 * quads + kernel - 1 - left - right;
          if (width < 1) return;
          const x = numbers(1, 3, height, width, inputs);
          const filter = numbers(2, kernel, kernel, inputs, outputs);
          const weights = numbers(3, 3, height - kernel + 1, 4 * quads, outputs);
          const padding = { top: 0, bottom: 0, left, right };
          const sides: [number, number][] = [
            [0, 0],
            [0, 0],
            [left, right],
            [0, 0],
          ];
          const ours = (image: Tensor4D, kernels: Tensor4D) => conv2d(image, kernels, { padding });
          const theirs = (image: Tensor4D, kernels: Tensor4D) =>
            tf.conv2d(tf.pad(image, sides), kernels, 1, 'valid');
          expectSame(ours(x, filter), theirs(x, filter));
          const gradients = (f: typeof ours) =>
            tf.grads((image, kernels) => tf.sum(tf.mul(weights, f(image as Tensor4D, kernels as Tensor4D))))([
              x,
              filter,
            ]) as Tensor4D[];
          const expected = gradients(theirs);
          gradients(ours).forEach((gradient, i) => expectSame(gradient, expected[i]!));
        });
      },
    ),
    { numRuns: 60 },
  );
});
