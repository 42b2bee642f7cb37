import { expect, it } from 'vitest';
import { gradientError, swish, type Tensor, tf } from '../index.ts';

it('computes swish', () => {
  // x / (1 + exp(−x)) in float64.
  const x = [-20, -3, -0.5, 0, 0.5, 3, 20];
  const y = swish(tf.tensor1d(x)).dataSync();
  x.forEach((value, i) => {
    expect(y[i]).toBeCloseTo(value / (1 + Math.exp(-value)), 6);
  });
});

it("has swish's right gradient", () => {
  const f = ({ x }: Record<string, Tensor>) => swish(tf.mul(x!, 2));
  expect(gradientError({ name: 'swish', inputs: { x: [3, 5] }, f })).toBeLessThan(2e-3);
});
