import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goldens } from '../goldens/goldens.ts';
import { earthMoversDistance, histogramMoments, histogramOfMean, twoClassAccuracy } from './index.ts';

describe('histograms', () => {
  it.each(goldens.histograms)('agree with SciPy', ({ p, q, r1, r2, mean, deviation }) => {
    expect(earthMoversDistance(p, q, { r: 1 })).toBeCloseTo(r1, 12);
    expect(earthMoversDistance(p, q, { r: 2 })).toBeCloseTo(r2, 12);
    expect(histogramMoments(p).mean).toBeCloseTo(mean, 12);
    expect(histogramMoments(p).deviation).toBeCloseTo(deviation, 12);
  });

  const ops = join(process.env.RESIZER_DATA ?? 'RESIZER_DATA-is-not-set', '../fixtures/ops.json');

  it.skipIf(!existsSync(ops))('the shared fixture agrees (needs RESIZER_DATA)', () => {
    const { emd } = JSON.parse(readFileSync(ops, 'utf8')) as {
      emd: { logits_values: number[]; target: number[]; per_image: number[] };
    };
    emd.per_image.forEach((golden, row) => {
      const p = emd.logits_values.slice(row * 10, row * 10 + 10).map(Math.exp);
      const q = emd.target.slice(row * 10, row * 10 + 10);
      expect(earthMoversDistance(p, q, { r: 2 })).toBeCloseTo(golden, 6);
    });
  });

  it('name bins that are no histogram', () => {
    expect(() => earthMoversDistance([1, 2], [1], { r: 2 })).toThrow('lists of 2 and 1');
    expect(() => histogramMoments([0, 0, 0])).toThrow('a histogram of 3 bins sums to 0');
    expect(() => histogramMoments([1, -1, 3])).toThrow('histogram[1] is -1');
    expect(() => histogramMoments([])).toThrow('histogram has 0 values');
  });
});

describe('histogramOfMean', () => {
  it('keeps the mean, in two neighbouring bins of sum 1', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 10, noNaN: true }), (mean) => {
        const histogram = histogramOfMean(mean, 10);
        expect(histogramMoments(histogram).mean).toBeCloseTo(mean, 12);
        expect(histogram.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        expect(histogram.filter((v) => v > 0).length).toBeLessThanOrEqual(2);
        expect(histogramMoments(histogram).deviation).toBeLessThanOrEqual(0.5 + 1e-9);
      }),
    );
  });

  it('refuses a mean outside the bins', () => {
    expect(() => histogramOfMean(0.4, 10)).toThrow('a mean score of 0.4 lies outside the bins 1 to 10');
    expect(() => histogramOfMean(Number.NaN, 10)).toThrow('NaN');
  });
});

describe('twoClassAccuracy', () => {
  it('puts a score on the cut with the low ones', () => {
    expect(twoClassAccuracy([5, 5.1, 7, 2], [4, 5, 6, 5], { cut: 5 })).toBe(0.75);
  });
});
