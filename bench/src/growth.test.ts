import { expect, it } from 'vitest';
import { growthOf, heldTable } from './growth.ts';

const samples = (memories: readonly number[], tensors: readonly number[] = [5, 5, 5, 5]) =>
  [10, 100, 250, 1000].map((step, i) => ({ step, memory: memories[i]! * 1e6, tensors: tensors[i]! }));

it('lets memory grow until step 250, and from then on by 2 % or 20 MB', () => {
  expect(growthOf(samples([100, 300, 500, 519]))).toEqual([]);
  expect(growthOf(samples([100, 300, 500, 521]))).toEqual(['step 1000 holds 0.52 GB, step 250 0.50 GB']);
  expect(growthOf(samples([100, 300, 2000, 2039]))).toEqual([]);
  expect(growthOf(samples([100, 300, 2000, 2041]))).toHaveLength(1);
});

it('lets no tensor come or go', () => {
  expect(growthOf(samples([500, 500, 500, 500], [5, 5, 5, 6]))).toEqual([
    'step 1000 holds 6 tensors, step 10 5',
  ]);
  expect(growthOf(samples([500, 500, 500, 500], [6, 5, 6, 6]))).toHaveLength(1);
});

it('prints what is held', () => {
  expect(heldTable(samples([100, 500, 510, 521.25]))).toContain('| 1000 | 521.3 MB | 5 |');
});
