import { stream } from '@resizer-lab/base';
import {
  bootstrap,
  bootstrapCorrelation,
  bootstrapCorrelationDifference,
  fisherInterval,
  pearson,
  spearman,
  twoClassAccuracy,
  wilsonInterval,
  williamsTest,
} from '@resizer-lab/metrics';
import type { Comparison, Difference, Interval, Metric, Scored } from '@resizer-lab/study';
import type { CellRecord } from '@resizer-lab/suite';
import type { CellConfig } from './config.ts';
import { CUT, fitted, type Measurements } from './measurements.ts';
import type { ScoredPhoto } from './predictions.ts';

export type QualityRecord = CellRecord<CellConfig, Measurements>;

/** A finished cell with what it predicted. */
export type QualityCell = Scored<ScoredPhoto, QualityRecord>;

/** Of each bootstrap. */
const RESAMPLES = 1000;

const predictedOf = ({ predictions }: QualityCell) => predictions.map(({ predicted }) => predicted);
const truthOf = ({ predictions }: QualityCell) => predictions.map(({ truth }) => truth);

/** The same intervals whenever tables are made. */
const draws = (what: string, ...cells: readonly QualityCell[]) => ({
  random: stream(0, 'bootstrap', what, ...cells.map(({ record }) => record.key)),
  resamples: RESAMPLES,
});

/** What is printed of every cell, with its interval. */
export const metrics: readonly Metric<QualityCell>[] = [
  correlation({ key: 'plcc', header: 'PLCC', kind: 'pearson' }),
  {
    ...correlation({ key: 'plcc_fitted', header: 'PLCC, fitted', kind: 'pearson' }),
    detail: true,
    of({ record, predictions }) {
      const truth = predictions.map((photo) => photo.truth);
      const predicted = fitted(
        predictions.map((photo) => photo.predicted),
        truth,
      );
      // A flat fit says the same of every photo, which correlates with nothing.
      if (pearson(predicted, truth) === null)
        return { value: record.measurements.plccFitted, low: null, high: null };
      return bootstrapCorrelation(
        { predicted, truth },
        { kind: 'pearson', ...draws('plcc fitted', { record, predictions }) },
      );
    },
  },
  correlation({ key: 'srcc', header: 'SRCC', kind: 'spearman' }),
  {
    ...{ key: 'krcc', header: 'KRCC', unit: 'score', detail: true },
    of: ({ record, predictions }) =>
      fisherInterval({ r: record.measurements.krcc, n: predictions.length, kind: 'kendall' }),
  },
  {
    ...{ key: 'rmse', header: 'RMSE', unit: 'score', detail: true },
    of: (cell) => mean(cell, 'rmse', ({ predicted, truth }) => (predicted - truth) ** 2, Math.sqrt),
  },
  {
    ...{ key: 'emd', header: 'EMD', unit: 'score' },
    of: (cell) => mean(cell, 'emd2', ({ emd2 }) => emd2),
  },
  {
    ...{ key: 'emd_r1', header: 'EMD, r = 1', unit: 'score', detail: true },
    of: (cell) => mean(cell, 'emd1', ({ emd1 }) => emd1),
  },
  {
    ...{ key: 'accuracy', header: `Two-class accuracy at ${CUT}`, unit: 'percent', detail: true },
    of(cell) {
      const n = cell.predictions.length;
      const share = twoClassAccuracy(predictedOf(cell), truthOf(cell), { cut: CUT });
      return wilsonInterval({ count: Math.round(share * n), n });
    },
  },
];

type Kind = 'pearson' | 'spearman';

function correlation({ kind, ...column }: { key: string; header: string; kind: Kind }): Metric<QualityCell> {
  return {
    ...{ ...column, unit: 'score' },
    of: (cell) =>
      bootstrapCorrelation(
        { predicted: predictedOf(cell), truth: truthOf(cell) },
        { kind, ...draws(column.key, cell) },
      ),
  };
}

/** The mean of a number of each photo, with its bootstrap interval. */
function mean(
  cell: QualityCell,
  what: string,
  of: (photo: ScoredPhoto) => number,
  scale: (mean: number) => number = (value) => value,
): Interval {
  const values = Float64Array.from(cell.predictions, of);
  return bootstrap(
    values.length,
    (indices) => {
      let sum = 0;
      for (const index of indices) sum += values[index]!;
      return scale(sum / indices.length);
    },
    draws(what, cell),
  );
}

/** An arm's correlation minus its control's, with the paired bootstrap's interval and Williams' p. */
function difference(kind: Kind, arm: QualityCell, control: QualityCell): Difference {
  const [truth, first, second] = [truthOf(arm), predictedOf(arm), predictedOf(control)];
  const correlate = kind === 'pearson' ? pearson : spearman;
  const interval = bootstrapCorrelationDifference(
    { truth, first, second },
    { kind, ...draws(`${kind} difference`, arm, control) },
  );
  // No list is constant: a cell whose predictions are has failed.
  const { p } = williamsTest({
    first: correlate(first, truth)!,
    second: correlate(second, truth)!,
    between: correlate(first, second)!,
    n: truth.length,
  });
  return { ...interval, p };
}

/** How arms are compared with their controls: by PLCC, whose verdict it is, and by SRCC. */
export function comparisons(): [Comparison<QualityCell>, Comparison<QualityCell>] {
  return [
    {
      ...{ key: 'plcc_difference', header: 'PLCC minus control', unit: 'score', better: 'higher' },
      p: { key: 'plcc_p', header: 'p' },
      of: once((arm, control) => difference('pearson', arm, control)),
    },
    {
      ...{ key: 'srcc_difference', header: 'SRCC minus control', unit: 'score', better: 'higher' },
      p: { key: 'srcc_p', header: 'p of SRCC' },
      of: once((arm, control) => difference('spearman', arm, control)),
    },
  ];
}

type Compare = Comparison<QualityCell>['of'];

/** A table asks for the same pair several times, and a bootstrap takes its time. */
function once(compare: Compare): Compare {
  const known = new Map<string, Difference>();
  return (arm, control) => {
    const pair = `${arm.record.key} ${control.record.key}`;
    const found = known.get(pair) ?? compare(arm, control);
    known.set(pair, found);
    return found;
  };
}
