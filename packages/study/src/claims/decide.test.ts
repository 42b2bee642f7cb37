import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';

const rule = { seeds: 3, alpha: 0.05 };
const judged = (...differences: (readonly number[])[]) =>
  decide(
    differences.map((values, i) => ({ name: `comparison ${i + 1}`, differences: values })),
    rule,
  );
const outcomes = (...differences: (readonly number[])[]) =>
  judged(...differences).comparisons.map(({ outcome }) => outcome);

// p of Student's test, SciPy 1.17 (stats.ttest_1samp): 0.002743, 0.044915, 0.044915.
const clear = [-0.1, -0.11, -0.12];
const near = [-0.1, -0.062, -0.138];
const nearAgainst = near.map((value) => -value);

describe('the verdict that comparisons add up to', () => {
  it('rests on p adjusted by Holm: a clear comparison leaves the next one more room', () => {
    // statsmodels 0.15, multipletests(method="holm"): 0.044915; 0.089830 twice; 0.005487 and 0.044915.
    expect(judged(near).comparisons[0]!.adjusted).toBeCloseTo(0.044915, 6);
    expect(outcomes(near)).toEqual(['for']);
    expect(judged(near, near).comparisons.map(({ adjusted }) => adjusted)).toEqual([
      expect.closeTo(0.08983, 5),
      expect.closeTo(0.08983, 5),
    ]);
    expect(outcomes(near, near)).toEqual(['open', 'open']);
    const [first, second] = judged(clear, near).comparisons;
    expect([first!.adjusted, second!.adjusted]).toEqual([
      expect.closeTo(0.005487, 6),
      expect.closeTo(0.044915, 6),
    ]);
    expect(outcomes(clear, near)).toEqual(['for', 'for']);
    expect(outcomes(clear, nearAgainst)).toEqual(['for', 'against']);
  });

  it('has intervals that hold all at once', () => {
    // SciPy 1.17: Student's interval of near at 95 % is [-0.1944, -0.0056], at 97.5 % [-0.2361, 0.0361].
    const intervalOf = (...differences: number[][]) => {
      const { mean } = judged(...differences).comparisons.at(-1)!;
      return [mean.low!, mean.high!].map((bound) => Number(bound.toFixed(4)));
    };
    expect(intervalOf(near)).toEqual([-0.1944, -0.0056]);
    expect(intervalOf(clear, near)).toEqual([-0.2361, 0.0361]);
  });

  it('keeps a comparison of too few seeds in the family, undecided', () => {
    const few = [-0.1, -0.1001];
    expect(judged(few)).toMatchObject({
      verdict: 'inconclusive',
      evidence: '1 compared: 0 for, 0 against, 1 open; 2 seeds of 3 needed',
      comparisons: [{ seeds: 2, adjusted: 1, outcome: 'open' }],
    });
    expect(outcomes(near, few)).toEqual(['open', 'open']);
    expect(judged([-0.1]).comparisons[0]).toMatchObject({ p: null, mean: { low: null, high: null } });
  });

  it('decides wherever an interval of enough seeds leaves out 0, on the side where the mean lies', () => {
    const value = fc.double({ min: -1, max: 1, noNaN: true });
    const differences = fc.array(
      fc.tuple(fc.constantFrom(-1, 0, 1), fc.array(value, { minLength: 1, maxLength: 5 })),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(differences, (drawn) => {
        const values = drawn.map(([centre, noise]) => noise.map((each) => centre + each / 5));
        judged(...values).comparisons.forEach(({ mean, seeds, outcome, p, adjusted }) => {
          const isOut = mean.low !== null && mean.high !== null && (mean.high < -1e-9 || mean.low > 1e-9);
          if (seeds >= rule.seeds && isOut) expect(outcome).not.toBe('open');
          if (outcome !== 'open') expect(outcome).toBe(mean.value < 0 ? 'for' : 'against');
          expect(adjusted).toBeGreaterThanOrEqual(p ?? 1);
        });
      }),
    );
  });

  it('is that nothing was run where there is nothing to compare', () => {
    expect(judged()).toEqual({ verdict: 'not run', evidence: '', comparisons: [] });
  });
});
