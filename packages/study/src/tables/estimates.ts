import { meanOverSeeds } from '@resizer-lab/metrics';
import type { Cell, EstimateCell, Unit } from '@resizer-lab/report';

/** A number; one that has no interval has nulls. */
export type Interval = Pick<EstimateCell, 'value' | 'low' | 'high'>;

/** The number as a cell of a table; a blank for none. */
export function estimateOf(interval: Interval | null, unit: Unit): Cell {
  if (!interval) return null;
  const { value, low, high } = interval;
  return { value, low, high, unit };
}

/**
 * One number a seed: of one seed its own interval, of several Student's of their mean. Null if any
 * is missing, as a mean over some would be taken for one over all.
 */
export function overSeeds(intervals: readonly (Interval | null | undefined)[]): Interval | null {
  const known = intervals.flatMap((interval) => interval ?? []);
  if (known.length === 0 || known.length < intervals.length) return null;
  return known.length === 1 ? known[0]! : meanOverSeeds(known.map(({ value }) => value));
}
