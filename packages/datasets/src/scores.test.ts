import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharesOf, votesOfBins, votesOfMean } from './scores.ts';

const meanOf = (votes: readonly number[]) =>
  sharesOf(votes).reduce((sum, share, i) => sum + share * (i + 1), 0);

describe('votesOfMean', () => {
  it('gives all to the two scores next to the mean', () => {
    expect(votesOfMean(1)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(votesOfMean(10)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(votesOfMean(5.25)).toEqual([0, 0, 0, 0, 0.75, 0.25, 0, 0, 0, 0]);
  });

  it('keeps the mean', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 10, noNaN: true }), (score) => {
        const votes = votesOfMean(score);
        expect(votes).toHaveLength(10);
        expect(votes.every((vote) => vote >= 0)).toBe(true);
        expect(meanOf(votes)).toBeCloseTo(score, 10);
      }),
    );
  });
});

describe('votesOfBins', () => {
  it('leaves ten bins as they are', () => {
    expect(votesOfBins([3, 0, 1, 0, 9, 2, 0, 0, 0, 7])).toEqual([3, 0, 1, 0, 9, 2, 0, 0, 0, 7]);
  });

  it('puts the ends of another scale at 1 and 10, its middle at 5.5, and loses no vote', () => {
    expect(votesOfBins([2, 0, 4, 0, 1])).toEqual([2, 0, 0, 0, 2, 2, 0, 0, 0, 1]);
    fc.assert(
      fc.property(fc.array(fc.nat(100), { minLength: 2, maxLength: 10 }), (counts) => {
        fc.pre(counts.some((count) => count > 0));
        const sum = counts.reduce((a, b) => a + b);
        const mean = counts.reduce((a, count, i) => a + count * i, 0) / sum;
        const votes = votesOfBins(counts);
        expect(votes.reduce((a, b) => a + b)).toBeCloseTo(sum, 9);
        expect(meanOf(votes)).toBeCloseTo(1 + (9 * mean) / (counts.length - 1), 9);
      }),
    );
  });
});
