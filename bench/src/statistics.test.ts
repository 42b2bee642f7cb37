import { expect, it } from 'vitest';
import { median, speedRatio, spreadOf, stepsOfTurn } from './statistics.ts';

it('takes the middle of an odd number of values and the mean of the middle two of an even one', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 9, 1, 5])).toBe(7);
  expect(() => median([])).toThrow('no values');
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 });
});

it('pairs contestants by round, so that a slow phase of the machine cancels', () => {
  const ours = [[1, 1, 1.1], [10, 10], [1]];
  const theirs = [[2], [20, 20, 90], [3]];
  expect(speedRatio(ours, theirs)).toEqual({ median: 2, low: 2, high: 3 });
});

it('fills a turn, with one step at least', () => {
  expect(stepsOfTurn(0.5, 4)).toBe(8);
  expect(stepsOfTurn(60, 4)).toBe(1);
  expect(stepsOfTurn(0.001, 4)).toBe(50);
});
