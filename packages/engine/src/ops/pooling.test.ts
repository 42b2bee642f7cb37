import { expect, it } from 'vitest';
import { averagePool, gradientError, maxPool, type Tensor, type Tensor4D, tf, zeroPad } from '../index.ts';

const padding = { top: 1, bottom: 2, left: 0, right: 1 };

it('puts zeros around images', () => {
  const x: Tensor4D = tf.tensor4d([1, 2], [1, 1, 2, 1]);
  expect(zeroPad(x, padding).arraySync()).toEqual([
    [
      [[0], [0], [0]],
      [[1], [2], [0]],
      [[0], [0], [0]],
      [[0], [0], [0]],
    ],
  ]);
});

it('counts zeros that were put there in a maximum, and those of `same` padding not', () => {
  const x: Tensor4D = tf.tensor4d([-3], [1, 1, 1, 1]);
  const around = { top: 1, bottom: 1, left: 1, right: 1 };
  expect(maxPool(zeroPad(x, around), { size: 3, stride: 1, padding: 'valid' }).dataSync()[0]).toBe(0);
  expect(maxPool(x, { size: 3, stride: 1, padding: 'same' }).dataSync()[0]).toBe(-3);
});

it('counts the pixels of the image alone in an average', () => {
  const x: Tensor4D = tf.tensor4d([1, 3, 5, 7], [1, 2, 2, 1]);
  const y = averagePool(x, { size: 3, stride: 1, padding: 'same' });
  expect([...y.dataSync()]).toEqual([4, 4, 4, 4]);
});

it('has the right gradient of zero padding', () => {
  const f = ({ x }: Record<string, Tensor>) => zeroPad(x as Tensor4D, padding);
  expect(gradientError({ name: 'zeroPad', inputs: { x: [2, 3, 2, 2] }, f })).toBeLessThan(2e-3);
});
