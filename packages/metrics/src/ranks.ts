import type { Numbers } from './checks.ts';

/** Values by their place among the distinct values: 0 for the smallest; equal values are equal. */
export interface DenseRanks {
  readonly ranks: Int32Array;
  /** The number of distinct values. */
  readonly levels: number;
}

/** The dense ranks of a list. values: [n], finite. */
export function denseRanks(values: Numbers): DenseRanks {
  const order = Int32Array.from({ length: values.length }, (_, i) => i);
  order.sort((i, j) => values[i]! - values[j]!);
  const ranks = new Int32Array(values.length);
  let level = 0;
  order.forEach((index, k) => {
    if (k > 0 && values[index] !== values[order[k - 1]!]) level++;
    ranks[index] = level;
  });
  return { ranks, levels: level + 1 };
}

/**
 * The ranks 1 … n of the items at `indices` among themselves, equal values sharing the average of
 * their ranks. Counts instead of sorting, so that a bootstrap ranks each resample in linear time.
 */
export function averageRanks({ ranks, levels }: DenseRanks, indices: Int32Array): Float64Array {
  const counts = new Int32Array(levels);
  for (const index of indices) counts[ranks[index]!]!++;
  const shared = new Float64Array(levels);
  let below = 0;
  counts.forEach((count, level) => {
    shared[level] = below + (count + 1) / 2;
    below += count;
  });
  const averages = new Float64Array(indices.length);
  for (let k = 0; k < indices.length; k++) averages[k] = shared[ranks[indices[k]!]!]!;
  return averages;
}
