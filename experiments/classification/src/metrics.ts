import {
  correctAt,
  mcnemar,
  pairedErrorDifference,
  pairOutcomes,
  topKErrors,
  wilsonInterval,
} from '@resizer-lab/metrics';
import type { Comparison, Metric, OtherStatistics, Scored } from '@resizer-lab/study';
import type { CellRecord } from '@resizer-lab/suite';
import type { CellConfig } from './config.ts';
import type { Errors, Measurements } from './measurements.ts';
import type { ClassifiedPhoto } from './predictions.ts';

export type ClassificationRecord = CellRecord<CellConfig, Measurements>;

/** A finished cell with what it predicted. */
export type ClassifiedCell = Scored<ClassifiedPhoto, ClassificationRecord>;

/** Of one photo, two for each multiply-add: billions. */
export const cost: Metric<ClassifiedCell> = {
  ...{ key: 'gflop', header: 'GFLOP', unit: 'plain' },
  of: ({ record: { measurements } }) => {
    const { resizer, backbone } = measurements.multiplyAdds;
    return { value: (2 * (resizer + backbone)) / 1e9, low: null, high: null };
  },
};

export const resizerWeights: Metric<ClassifiedCell> = {
  ...{ key: 'resizer_weights', header: 'Weights of the resizer', unit: 'count' },
  of: ({ record }) => ({ value: record.measurements.resizerWeights, low: null, high: null }),
};

/** The error of the best k guesses, with Wilson's interval. */
export function topError(k: number): Metric<ClassifiedCell> {
  return {
    key: `top${k}`,
    header: `Top-${k} error`,
    unit: 'percent',
    of: ({ predictions }) => wilsonInterval(topKErrors(ranksOf(predictions), k)),
  };
}

/**
 * Where cells measured them: top-1 error with other batch-norm statistics than the moving ones, and what
 * the moving ones cost. A gap says that the moving statistics have not caught up with the weights.
 */
export function statisticsColumns(scored: readonly ClassifiedCell[]): Metric<ClassifiedCell>[] {
  if (scored.every(({ record }) => record.measurements.statistics === null)) return [];
  const error = (key: string, header: string, errorsOf: (of: OtherStatistics<Errors>) => Errors) => ({
    ...{ key, header, unit: 'percent' as const, detail: true },
    of: ({ record: { measurements } }: ClassifiedCell) => {
      const { statistics, photos: n } = measurements;
      return statistics && wilsonInterval({ count: errorsOf(statistics).top1Errors, n });
    },
  });
  return [
    error('top1_batch', 'Top-1, batch statistics', ({ batch }) => batch),
    error('top1_reestimated', 'Top-1, re-estimated statistics', ({ reestimated }) => reestimated),
    {
      ...{ key: 'gap', header: 'Moving minus re-estimated', unit: 'points', detail: true },
      of({ record: { measurements } }) {
        const { statistics, top1Errors, photos } = measurements;
        if (!statistics) return null;
        const value = (top1Errors - statistics.reestimated.top1Errors) / photos;
        return { value, low: null, high: null };
      },
    },
  ];
}

/** Top-1 error of an arm minus that of its control, with Tango's interval and McNemar's p. */
export const top1Difference: Comparison<ClassifiedCell> = {
  key: 'difference',
  header: 'Top-1 minus control',
  unit: 'points',
  p: { key: 'p', header: 'McNemar p' },
  better: 'lower',
  of(arm, control) {
    const [ours, theirs] = [arm, control].map(({ predictions }) => correctAt(ranksOf(predictions), 1));
    const outcomes = pairOutcomes(ours!, theirs!);
    return { ...pairedErrorDifference(outcomes), p: mcnemar(outcomes) };
  },
};

const ranksOf = (predictions: readonly ClassifiedPhoto[]) => predictions.map(({ rank }) => rank);
