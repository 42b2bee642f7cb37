import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goldens } from '../goldens/goldens.ts';
import { betaQuantile, normalCdf, normalQuantile, tQuantile, tTwoSided } from './probability.ts';
import { erfc, incompleteBeta, logGamma } from './special.ts';

/** Relative error, absolute where the golden is 0. */
function error(got: number, golden: number): number {
  return Math.abs(got - golden) / (golden === 0 ? 1 : Math.abs(golden));
}

const functions: [keyof typeof goldens.special, (x: number, a: number, b: number) => number, number][] = [
  ['logGamma', (x) => logGamma(x), 1e-13],
  ['erfc', (x) => erfc(x), 1e-13],
  ['incompleteBeta', (x, a, b) => incompleteBeta(x, { a: a, b: b }), 1e-9],
  ['normalCdf', (z) => normalCdf(z), 1e-12],
  ['normalQuantile', (p) => normalQuantile(p), 1e-12],
  ['tQuantile', (p, df) => tQuantile(p, df), 1e-9],
  ['tTwoSided', (t, df) => tTwoSided(t, df), 1e-9],
  ['betaQuantile', (p, a, b) => betaQuantile(p, { a: a, b: b }), 1e-10],
];

describe('special functions against SciPy', () => {
  it.each(functions)('%s', (name, own, tolerance) => {
    for (const row of goldens.special[name]) {
      expect(
        error(own(...(row.slice(0, -1) as [number, number, number])), row.at(-1)!),
        JSON.stringify(row),
      ).toBeLessThan(tolerance);
    }
  });
});

describe('quantiles', () => {
  const probability = fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true });

  it('invert their distributions', () => {
    fc.assert(
      fc.property(probability, fc.double({ min: 0.5, max: 1e4, noNaN: true }), (p, df) => {
        expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 12);
        const tail = tTwoSided(tQuantile(p, df), df) / 2;
        expect(p < 0.5 ? tail : 1 - tail).toBeCloseTo(p, 9);
        expect(incompleteBeta(betaQuantile(p, { a: df, b: 3 }), { a: df, b: 3 })).toBeCloseTo(p, 9);
      }),
      { numRuns: 50 },
    );
  });

  it.each([0, 1, -0.1, Number.NaN])('refuse a probability of %d', (p) => {
    expect(() => normalQuantile(p)).toThrow(`probability is ${p}, and must lie between 0 and 1`);
    expect(() => tQuantile(p, 3)).toThrow('must lie between 0 and 1');
  });
});
