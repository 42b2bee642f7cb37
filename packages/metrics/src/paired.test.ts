import { stream } from '@resizer-lab/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goldens } from '../goldens/goldens.ts';
import { bootstrapErrorDifference, mcnemar, pairedErrorDifference, pairOutcomes } from './index.ts';

function outcomes(cells: readonly number[]) {
  const [both, onlyFirst, onlySecond, neither] = cells as [number, number, number, number];
  return { both, onlyFirst, onlySecond, neither };
}

const counts = fc
  .tuple(fc.nat(60), fc.nat(60), fc.nat(60), fc.nat(60))
  .filter((cells) => cells.some((n) => n > 0));

describe('pairOutcomes', () => {
  it('counts who was right', () => {
    const pairs = pairOutcomes([true, true, false, false, true], [true, false, true, false, true]);
    expect(pairs).toEqual({ both: 2, onlyFirst: 1, onlySecond: 1, neither: 1 });
  });

  it('refuses lists of different lengths', () => {
    expect(() => pairOutcomes([true], [])).toThrow('lists of 1 and 0 values cannot be paired');
  });
});

describe('mcnemar', () => {
  it.each(goldens.paired)('agrees with statsmodels and SciPy on $cells', ({ cells, exact, midP }) => {
    expect(mcnemar(outcomes(cells)) / exact).toBeCloseTo(1, 9);
    expect(mcnemar(outcomes(cells), { midP: true }) / midP).toBeCloseTo(1, 9);
  });

  it('does not depend on which classifier comes first', () => {
    fc.assert(
      fc.property(counts, ([a, b, c, d]) => {
        expect(mcnemar(outcomes([a, c, b, d]))).toBe(mcnemar(outcomes([a, b, c, d])));
      }),
    );
  });

  it('refuses counts that are none', () => {
    expect(() => mcnemar(outcomes([1, -1, 0, 0]))).toThrow('paired outcomes: onlyFirst is -1');
  });
});

describe('pairedErrorDifference', () => {
  it.each(goldens.paired)('agrees with the numerical score interval on $cells', (golden) => {
    const [, onlyFirst, onlySecond] = golden.cells as [number, number, number];
    const n = golden.cells.reduce((a, b) => a + b);
    const ninety = pairedErrorDifference(outcomes(golden.cells), { confidence: 0.9 });
    const { value, low, high } = pairedErrorDifference(outcomes(golden.cells));
    expect(value).toBe((onlySecond - onlyFirst) / n);
    expect(low).toBeCloseTo(golden.tango95[0]!, 6);
    expect(high).toBeCloseTo(golden.tango95[1]!, 6);
    expect(ninety.low).toBeCloseTo(golden.tango90[0]!, 6);
    expect(ninety.high).toBeCloseTo(golden.tango90[1]!, 6);
  });

  it('is the published interval of the airway study (Fagerland, Lydersen & Laake 2014)', () => {
    // Table: 1, 1, 7, 12. Tango's interval of p₁ - p₂ is printed as -0.517 to -0.026.
    const { low, high } = pairedErrorDifference(outcomes([1, 7, 1, 12]));
    expect(low).toBeCloseTo(-0.517, 3);
    expect(high).toBeCloseTo(-0.026, 3);
  });

  it('holds the difference, stays within ±1, and turns round with the classifiers', () => {
    fc.assert(
      fc.property(counts, ([a, b, c, d]) => {
        const { value, low, high } = pairedErrorDifference(outcomes([a, b, c, d]));
        const turned = pairedErrorDifference(outcomes([a, c, b, d]));
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
        expect(low).toBeGreaterThanOrEqual(-1);
        expect(high).toBeLessThanOrEqual(1);
        expect(turned.low).toBeCloseTo(-high, 10);
        expect(turned.high).toBeCloseTo(-low, 10);
      }),
    );
  });

  it('refuses no items', () => {
    expect(() => pairedErrorDifference(outcomes([0, 0, 0, 0]))).toThrow('paired items is 0');
  });
});

describe('bootstrapErrorDifference', () => {
  it('comes near the score interval, and is the same for the same stream', () => {
    const right = (cells: readonly number[], classifier: 0 | 1) =>
      cells.flatMap((n, cell) =>
        Array<boolean>(n).fill(
          [
            [true, true],
            [true, false],
            [false, true],
            [false, false],
          ][cell]![classifier]!,
        ),
      );
    const cells = [300, 40, 80, 180];
    const lists = [right(cells, 0), right(cells, 1)] as const;
    const score = pairedErrorDifference(outcomes(cells));
    for (const method of ['bca', 'percentile'] as const) {
      const own = bootstrapErrorDifference(lists, { random: stream(1, 'test'), method });
      expect(own.value).toBe(score.value);
      expect(own.low).toBeCloseTo(score.low, 2);
      expect(own.high).toBeCloseTo(score.high, 2);
      expect(bootstrapErrorDifference(lists, { random: stream(1, 'test'), method })).toEqual(own);
    }
  });

  it('of two classifiers that never disagree is exactly 0', () => {
    const same = [true, false, true];
    const own = bootstrapErrorDifference([same, same], { random: stream(1, 'test') });
    expect(own).toEqual({ value: 0, low: 0, high: 0 });
  });
});
