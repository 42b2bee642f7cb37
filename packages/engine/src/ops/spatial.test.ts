import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Tensor, type Tensor4D, tf } from '../index.ts';
import { concat } from './concat.ts';
import { sample } from './spatial.ts';

const numbers = (...shape: [number, number, number, number]): Tensor4D =>
  tf.tensor4d(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    shape,
  );

const few = fc.integer({ min: 1, max: 7 });
const none = fc.integer({ min: 0, max: 4 });

it('a sample is a strided slice, and its gradient reaches the pixels taken alone', () => {
  const window = fc.record({
    shape: fc.tuple(few, few, few, few),
    stride: fc.integer({ min: 1, max: 4 }),
    top: none,
    left: none,
  });
  fc.assert(
    fc.property(window, ({ shape: [batch, rows, columns, channels], stride, top, left }) => {
      tf.tidy(() => {
        // Pixels beyond the window, so that its end is no image's end.
        const height = top + (rows - 1) * stride + 2;
        const width = left + (columns - 1) * stride + 1;
        const x = numbers(batch, height, width, channels);
        const taken = (image: Tensor4D) => sample(image, { top, left, stride, size: [rows, columns] });
        const bounds = [
          [0, top, left, 0],
          [batch, height - 1, width, channels],
          [1, stride, stride, 1],
        ] as const;
        const y = taken(x);
        expect(y.shape).toEqual([batch, rows, columns, channels]);
        const sliced = tf.stridedSlice(x, [...bounds[0]], [...bounds[1]], [...bounds[2]]);
        expect(y.dataSync()).toEqual(sliced.dataSync());
        // The gradient of half the sum of squares is what was taken, in its place.
        const gradient = tf.grad((image) => tf.div(tf.sum(tf.square(taken(image as Tensor4D))), 2))(x);
        const places = new Set(y.dataSync());
        expect(gradient.dataSync()).toEqual(x.dataSync().map((value) => (places.has(value) ? value : 0)));
      });
    }),
    { numRuns: 100 },
  );
});

it("channels side by side hand each part its own channels' gradient", () => {
  fc.assert(
    fc.property(few, few, fc.array(few, { minLength: 1, maxLength: 4 }), (height, width, channels) => {
      tf.tidy(() => {
        const parts = channels.map((count, i) =>
          tf.add<Tensor4D>(numbers(2, height, width, count), 1000 * i),
        );
        const whole = concat(parts);
        expect(whole.dataSync()).toEqual(tf.concat(parts, 3).dataSync());
        const squares = (...given: Tensor[]) =>
          tf.sum(tf.div(tf.square(concat(given as Tensor4D[])), 2)).asScalar();
        tf.grads(squares)(parts).forEach((gradient, i) => {
          expect(gradient.dataSync()).toEqual(parts[i]!.dataSync());
        });
      });
    }),
    { numRuns: 50 },
  );
});
