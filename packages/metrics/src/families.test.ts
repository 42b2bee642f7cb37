import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goldens } from '../goldens/goldens.ts';
import { holm, meanOverSeeds, zeroMeanP } from './index.ts';

const probability = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1, 0.05, 0.025));
const family = fc.array(probability, { minLength: 1, maxLength: 30 });

describe("Holm's adjustment", () => {
  // multipletests(p, method='holm') of statsmodels 0.15: goldens/make_goldens.py.
  it.each(goldens.families.holm)('of a family of $p.length agrees with statsmodels', ({ p, adjusted }) => {
    holm(p).forEach((own, i) => expect(own).toBeCloseTo(adjusted[i]!, 14));
  });

  it('is at least p and at most that of Bonferroni, which it is for the smallest', () => {
    fc.assert(
      fc.property(family, (p) => {
        const adjusted = holm(p);
        const bonferroni = p.map((each) => Math.min(1, p.length * each));
        adjusted.forEach((own, i) => {
          expect(own).toBeGreaterThanOrEqual(p[i]!);
          expect(own).toBeLessThanOrEqual(bonferroni[i]!);
        });
        expect(Math.min(...adjusted)).toBe(Math.min(...bonferroni));
      }),
    );
  });

  it('keeps the order of the p values, and ties', () => {
    fc.assert(
      fc.property(family, (p) => {
        const adjusted = holm(p);
        const sorted = p.map((each, i) => ({ p: each, own: adjusted[i]! })).sort((a, b) => a.p - b.p);
        sorted.slice(1).forEach((later, i) => {
          const before = sorted[i]!;
          expect(later.own).toBeGreaterThanOrEqual(before.own);
          if (later.p === before.p) expect(later.own).toBe(before.own);
        });
      }),
    );
  });

  it('does not depend on the order in which the p values are given', () => {
    const shuffled = family.chain((p) =>
      fc.tuple(fc.constant(p), fc.shuffledSubarray([...p.keys()], { minLength: p.length })),
    );
    fc.assert(
      fc.property(shuffled, ([p, order]) => {
        const adjusted = holm(p);
        expect(holm(order.map((i) => p[i]!))).toEqual(order.map((i) => adjusted[i]!));
      }),
    );
  });

  it('rejects what the step-down procedure rejects: from the smallest up, until one is not', () => {
    fc.assert(
      fc.property(family, (p) => {
        const ascending = [...p].sort((a, b) => a - b);
        const stop = ascending.findIndex((each, k) => each * (p.length - k) > 0.05);
        const rejected = stop < 0 ? p.length : stop;
        expect(holm(p).filter((own) => own <= 0.05)).toHaveLength(rejected);
      }),
    );
  });

  it('names what it cannot use', () => {
    expect(() => holm([0.1, 1.5])).toThrow('p values[1] is 1.5');
    expect(() => holm([])).toThrow('p values has 0 values');
  });
});

describe('one number a seed', () => {
  it.each(goldens.families.seeds)('$values has the mean, interval and p of SciPy', (golden) => {
    const own = meanOverSeeds(golden.values);
    expect(own.value).toBeCloseTo(golden.mean, 13);
    expect(own.low).toBeCloseTo(golden.low, 9);
    expect(own.high).toBeCloseTo(golden.high, 9);
    expect(own.deviation).toBeCloseTo(golden.deviation, 13);
    expect(zeroMeanP(golden.values)).toBeCloseTo(golden.p, 12);
  });

  it('has p below α where the interval at 1 - α leaves out 0', () => {
    const seeds = fc.array(fc.double({ min: -1, max: 1.5, noNaN: true }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(seeds, fc.constantFrom(0.01, 0.05, 0.2), (values, alpha) => {
        const { low, high } = meanOverSeeds(values, { confidence: 1 - alpha });
        const p = zeroMeanP(values)!;
        fc.pre(Math.abs(p - alpha) > 1e-9);
        expect(p < alpha).toBe(low! > 0 || high! < 0);
      }),
    );
  });

  it('of one seed has a mean, but no interval and no p', () => {
    expect(meanOverSeeds([0.4])).toEqual({ value: 0.4, low: null, high: null, deviation: null, n: 1 });
    expect(zeroMeanP([0.4])).toBeNull();
  });

  it('leaves no doubt where all are the same', () => {
    expect(zeroMeanP([-2, -2, -2])).toBe(0);
    expect(zeroMeanP([0, 0, 0])).toBe(1);
  });
});
