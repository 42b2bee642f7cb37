import {
  correctAt,
  mcnemar,
  pairedErrorDifference,
  pairOutcomes,
  topKErrors,
  wilsonInterval,
} from '@resizer-lab/metrics';
import type { Table } from '@resizer-lab/report';
import {
  claimsTable,
  type Comparison,
  deviationsOf,
  type Metric,
  type OtherStatistics,
  pairedTable,
  paperTable,
  protocolNotes,
  readClaims,
  readPaper,
  type Scored,
  scoredOf,
  seedsText,
} from '@resizer-lab/study';
import type { CellRecord } from '@resizer-lab/suite';
import type { CellConfig } from './config.ts';
import type { Errors, Measurements } from './measurements.ts';
import { type ClassifiedPhoto, predictionSchema } from './predictions.ts';

export type ClassificationRecord = CellRecord<CellConfig, Measurements>;

type Classified = Scored<ClassifiedPhoto, ClassificationRecord>;

const ownFile = (name: string) => new URL(`../${name}`, import.meta.url);

/**
 * Errors of every arm beside its paired control; of real photos also the paper's table with our numbers
 * in it, and the verdicts on its claims.
 */
export async function tablesOf(
  records: readonly ClassificationRecord[],
  { name, title }: { name: string; title: string },
): Promise<Table[]> {
  const scored = await scoredOf(records, predictionSchema);
  const errors = pairedTable(scored, {
    name: `${name}-errors`,
    title,
    metrics: [topError(1), { ...topError(5), detail: true }, ...statisticsColumns(scored)],
    comparisons: [top1Difference],
    notes: notesOf(scored),
  });
  if (scored.every(({ record }) => isSynthetic(record.config.data))) return [errors];
  const notes = [
    `Top-k errors of ${photosText(scored)}; the paper's are of ImageNet.`,
    ...deviationsOf(scored),
  ];
  const paper = await readPaper(ownFile('paper.yaml'));
  const claims = await readClaims(ownFile('claims.yaml'));
  return [
    { ...errors, notes: [...errors.notes, ...notes] },
    paperTable(scored, {
      ...{ name: `${name}-paper`, title: `${title}: beside the paper`, paper, notes },
      metrics: [topError(1), topError(5), cost, resizerWeights],
    }),
    claimsTable(scored, {
      ...{ name: `${name}-claims`, title: `${title}: claims`, claims, comparison: top1Difference },
    }),
  ];
}

const isSynthetic = (data: unknown) => (data as { kind: string }).kind === 'synthetic';

/** `9469 training and 3925 test photos of imagenette`. */
function photosText([first]: readonly Classified[]): string {
  const { config, measurements } = first!.record;
  const { path } = config.data as { path: string };
  return `${measurements.trainingPhotos} training and ${measurements.photos} test photos of ${path}`;
}

/** Of one photo, two for each multiply-add: billions. */
const cost: Metric<Classified> = {
  ...{ key: 'gflop', header: 'GFLOP', unit: 'plain' },
  of: ({ record: { measurements } }) => {
    const { resizer, backbone } = measurements.multiplyAdds;
    return { value: (2 * (resizer + backbone)) / 1e9, low: null, high: null };
  },
};

const resizerWeights: Metric<Classified> = {
  ...{ key: 'resizer_weights', header: 'Weights of the resizer', unit: 'count' },
  of: ({ record }) => ({ value: record.measurements.resizerWeights, low: null, high: null }),
};

/** The error of the best k guesses, with Wilson's interval. */
function topError(k: number): Metric<Classified> {
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
function statisticsColumns(scored: readonly Classified[]): Metric<Classified>[] {
  if (scored.every(({ record }) => record.measurements.statistics === null)) return [];
  const error = (key: string, header: string, errorsOf: (of: OtherStatistics<Errors>) => Errors) => ({
    ...{ key, header, unit: 'percent' as const, detail: true },
    of: ({ record: { measurements } }: Classified) => {
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
const top1Difference: Comparison<Classified> = {
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

function notesOf(scored: readonly Classified[]): string[] {
  return [
    `Seeds: ${seedsText(scored)}. Intervals: 95 %, Wilson's for an error, Tango's for a paired difference, Student's over seeds.`,
    ...protocolNotes(scored),
    'McNemar p: exact, two-sided, over the photos that only one of the two gets right; a tie is p ≥ 0.05.',
  ];
}
