import {
  type ClassifiedCell,
  statisticsColumns,
  top1Difference,
  topError,
} from '@resizer-lab/classification/metrics';
import { comparisons, metrics, type QualityCell } from '@resizer-lab/quality/metrics';
import type { Comparison, Difference, Interval, Metric, Scored } from '@resizer-lab/study';

/** How the cells of a task are judged. */
export interface Scoring<S extends Scored> {
  /** Of every cell; the first is that of the matrices. */
  metrics: readonly [Metric<S>, ...Metric<S>[]];
  /** The first is that of the first metric, and gives the verdicts. */
  comparisons: readonly [Comparison<S>, ...Comparison<S>[]];
  /** The first metric's name in a learning curve. */
  curve: string;
  /** What intervals and p are. */
  note: string;
}

export const errorsOf = (scored: readonly ClassifiedCell[]): Scoring<ClassifiedCell> => ({
  metrics: [topError(1), { ...topError(5), detail: true }, ...statisticsColumns(scored)],
  comparisons: [top1Difference],
  curve: 'test/top1_error',
  note: "Intervals: 95 %, Wilson's for an error, Tango's for a paired difference, Student's over seeds. McNemar p: exact, two-sided; a tie is p ≥ 0.05.",
});

/** Bootstraps take their time, and the tables ask for the same number more than once. */
export function correlations(): Scoring<QualityCell> {
  const [plcc, ...others] = metrics.map(once);
  return {
    metrics: [plcc!, ...others],
    comparisons: comparisons(),
    curve: 'test/plcc',
    note: "Intervals: 95 %, bootstrap over the photos (paired for a difference), Student's over seeds. p: Williams' test of two correlations with the same scores, two-sided; a tie is p ≥ 0.05. No interval: too few photos, or predictions that hardly differ.",
  };
}

function once(metric: Metric<QualityCell>): Metric<QualityCell> {
  const known = new Map<string, Interval | null>();
  return {
    ...metric,
    of(cell) {
      const { key } = cell.record;
      const found = known.has(key) ? known.get(key)! : metric.of(cell);
      known.set(key, found);
      return found;
    },
  };
}

/** What an arm's difference from another is, where both are finished. */
export function differenceOf<S extends Scored>(
  comparison: Comparison<S>,
  arm: S | undefined,
  other: S | undefined,
): Difference | null {
  return arm && other && arm !== other ? comparison.of(arm, other) : null;
}
