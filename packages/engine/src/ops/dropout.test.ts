import { describe, expect, it } from 'vitest';
import { compile, dropout, float32, gradientError, int32, type Tensor, tf } from '../index.ts';

const seed = (a: number, b = 0) => tf.tensor1d([a, b], 'int32');
const values = (tensor: Tensor) => [...tensor.dataSync()];

describe('dropout', () => {
  it('leaves out about the share asked for and keeps the mean', () => {
    const kept = values(dropout(tf.ones([100, 100]), seed(7), { rate: 0.3 }));
    expect(new Set(kept.map((value) => value.toFixed(5)))).toEqual(
      new Set(['0.00000', (1 / 0.7).toFixed(5)]),
    );
    // Five standard deviations of a binomial share of 10,000.
    expect(Math.abs(kept.filter((value) => value === 0).length / 1e4 - 0.3)).toBeLessThan(0.023);
  });

  it('leaves out whole examples', () => {
    const kept = values(dropout(tf.ones([64, 2, 2, 3]), seed(7), { rate: 0.5, unit: 'example' }));
    const examples = Array.from({ length: 64 }, (_, i) => kept.slice(12 * i, 12 * i + 12));
    for (const example of examples) expect(new Set(example).size).toBe(1);
    expect(new Set(kept)).toEqual(new Set([0, 2]));
  });

  it('is a function of both numbers of the seed', () => {
    const kept = (...numbers: [number, number?]) =>
      values(dropout(tf.ones([40]), seed(...numbers), { rate: 0.5 }));
    expect(kept(1, 2)).toEqual(kept(1, 2));
    expect(kept(1, 3)).not.toEqual(kept(1, 2));
    expect(kept(2, 2)).not.toEqual(kept(1, 2));
  });

  it('takes its seed as an input of a program, and leaves out the same there', () => {
    const program = compile(new Map(), {
      drop: {
        inputs: { x: float32(40), seed: int32(2) },
        body: ({ x, seed }) => ({ y: dropout(x!, seed!, { rate: 0.5 }) }),
      },
    });
    const x = new Float32Array(40).fill(1);
    const run = (a: number) => [...program.run('drop', { x, seed: Int32Array.of(a, 0) })['y']!];
    expect(run(5)).toEqual(values(dropout(tf.ones([40]), seed(5), { rate: 0.5 })));
    expect(run(6)).not.toEqual(run(5));
    program.dispose();
  });

  it.each(['element', 'example'] as const)('has the right gradient by %s', (unit) => {
    const f = ({ x }: Record<string, Tensor>) => dropout(x!, seed(3), { rate: 0.4, unit });
    expect(gradientError({ name: `dropout, ${unit}`, inputs: { x: [4, 2, 2, 2] }, f })).toBeLessThan(2e-3);
  });

  it.each([-0.1, 1, Number.NaN])('refuses the rate %d', (rate) => {
    expect(() => dropout(tf.ones([2]), seed(1), { rate })).toThrow(/at least 0 and below 1/);
  });
});
