import { expect, it } from 'vitest';
import { diagnose, gradientError, tf } from './index.ts';

it('finds every gradient right on this machine', () => {
  const { ok, checks, tensorflow } = diagnose();
  expect(checks.filter((check) => !check.ok)).toEqual([]);
  expect(ok).toBe(true);
  expect(checks.length).toBeGreaterThan(25);
  expect(tensorflow).toMatch(/^\d+\.\d+\.\d+$/);
});

it("finds the wrong gradient of TF.js's own half-pixel resize, for which ours exists", () => {
  const error = gradientError({
    name: 'tf.image.resizeBilinear',
    inputs: { x: [1, 6, 5, 2] },
    f: ({ x }) => tf.image.resizeBilinear(x as never, [3, 4], false, true),
  });
  expect(error).toBeGreaterThan(0.1);
});
