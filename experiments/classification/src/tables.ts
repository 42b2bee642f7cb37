import {
  correctAt,
  mcnemar,
  meanOverSeeds,
  pairedErrorDifference,
  pairOutcomes,
  wilsonInterval,
} from '@resizer-lab/metrics';
import type { Cell, Table } from '@resizer-lab/report';
import { UserError } from '@resizer-lab/base';
import type { CellRecord } from '@resizer-lab/suite';
import type { CellConfig } from './config.ts';
import type { Measurements } from './measurements.ts';
import { type PhotoPrediction, readPredictions } from './predictions.ts';
import type { Probes } from './probes-schema.ts';

export type ClassificationRecord = CellRecord<CellConfig, Measurements>;

/** A finished cell with what it predicted. */
interface Scored {
  record: ClassificationRecord;
  predictions: PhotoPrediction[];
}

/** Errors of every arm, each beside its paired control. */
export async function tablesOf(
  records: readonly ClassificationRecord[],
  { name, title }: { name: string; title: string },
): Promise<Table[]> {
  const scored = await Promise.all(
    records.map(async (record) => ({ record, predictions: await readPredictions(record.directory) })),
  );
  return [errorTable(scored, { name, title })];
}

function errorTable(scored: readonly Scored[], { name, title }: { name: string; title: string }): Table {
  const rows = scored.map((cell) => row(cell, controlOf(cell, scored)));
  return {
    name: `${name}-errors`,
    title,
    columns: [
      { key: 'backbone', header: 'Backbone' },
      { key: 'arm', header: 'Arm' },
      { key: 'resizer', header: 'Resizer', detail: true },
      { key: 'sizes', header: 'Sizes', detail: true },
      { key: 'seed', header: 'Seed', align: 'right' },
      { key: 'n', header: 'n', format: 'count', detail: true },
      { key: 'top1', header: 'Top-1 error' },
      { key: 'top5', header: 'Top-5 error', detail: true },
      { key: 'difference', header: 'Top-1 minus control' },
      { key: 'p', header: 'McNemar p', format: 'p' },
      { key: 'verdict', header: 'Against control' },
      { key: 'cell', header: 'Cell', detail: true },
    ],
    rows: [...rows, ...seedMeans(scored)],
    notes: notesOf(scored),
    alarms: alarmsOf(scored),
  };
}

function controlOf({ record }: Scored, scored: readonly Scored[]): Scored | undefined {
  const { control, backbone, seed } = record.config;
  if (control === null) return undefined;
  return scored.find(
    ({ record: { config } }) =>
      config.arm === control && config.backbone === backbone && config.seed === seed,
  );
}

function row(cell: Scored, control: Scored | undefined): Record<string, Cell> {
  const { record, predictions } = cell;
  const { config } = record;
  const error = (k: number) => ({
    ...wilsonInterval({ count: predictions.filter(({ rank }) => rank > k).length, n: predictions.length }),
    unit: 'percent' as const,
  });
  const pair = control && paired(cell, control);
  return {
    backbone: config.backbone,
    arm: config.arm,
    resizer: resizerText(config.resizer),
    sizes: `${config.input} → ${config.target}`,
    seed: String(config.seed),
    n: predictions.length,
    top1: error(1),
    top5: error(5),
    difference: pair ? { ...pair.difference, unit: 'points' } : null,
    p: pair ? pair.p : null,
    verdict: pair ? verdictText(pair, config.expect) : null,
    cell: record.key,
  };
}

interface Pair {
  /** Top-1 error of the arm minus that of its control, with Tango's interval. */
  difference: { value: number; low: number; high: number };
  p: number;
}

function paired(arm: Scored, control: Scored): Pair {
  const [ours, theirs] = [arm, control].map(({ predictions }) =>
    correctAt(
      predictions.map(({ rank }) => rank),
      1,
    ),
  );
  const samePhotos = arm.predictions.every(({ photo }, i) => photo === control.predictions[i]?.photo);
  if (!samePhotos || arm.predictions.length !== control.predictions.length) {
    throw new UserError(
      `The cells ${arm.record.directory} and ${control.record.directory} are a pair, but predict other photos. ` +
        'Run them again.',
    );
  }
  const outcomes = pairOutcomes(ours!, theirs!);
  return { difference: pairedErrorDifference(outcomes), p: mcnemar(outcomes) };
}

/** Below this p two arms are told apart. */
const ALPHA = 0.05;

type Verdict = 'better' | 'worse' | 'tie';

function verdictOf({ difference, p }: Pair): Verdict {
  if (p >= ALPHA) return 'tie';
  return difference.value < 0 ? 'better' : 'worse';
}

function verdictText(pair: Pair, expected: Verdict | null): string {
  const verdict = verdictOf(pair);
  if (expected === null) return verdict;
  return verdict === expected ? `${verdict}, as it must` : `${verdict}, must be ${expected}`;
}

/** Control experiments that came out otherwise than they must, and learned resizers that were not at work. */
function alarmsOf(scored: readonly Scored[]): string[] {
  return scored.flatMap((cell) => {
    const { id, config, measurements } = cell.record;
    const idle = measurements.probes === null ? [] : probeFailures(measurements.probes, config.resizer);
    const alarms = idle.map((failure) => `${id}: ${failure}`);
    const control = controlOf(cell, scored);
    if (!control || config.expect === null) return alarms;
    const verdict = verdictOf(paired(cell, control));
    if (verdict === config.expect) return alarms;
    return [...alarms, `${id} must be ${config.expect} against ${control.record.id}, but is ${verdict}`];
  });
}

/** What the probes of a learned resizer say against it. */
function probeFailures(probes: Probes, resizer: CellConfig['resizer']): string[] {
  const { outputShape, sizeIsTarget, differenceFromInterpolation, differenceFromInput, weights } = probes;
  const frozen = resizer.kind === 'learned' && resizer.frozen;
  return [
    ...(sizeIsTarget ? [] : [`its output is ${outputShape.join(' × ')}, not the target size`]),
    ...(differenceFromInterpolation > 0 ? [] : ['its output is the base interpolation']),
    ...(differenceFromInput === 0 ? ['its output is its input'] : []),
    ...Object.entries(weights).flatMap(([name, { gradient, moved }]) => [
      ...(gradient > 0 ? [] : [`no gradient reaches ${name}`]),
      ...(moved > 0 || frozen ? [] : [`${name} did not move`]),
    ]),
  ];
}

function resizerText(resizer: CellConfig['resizer']): string {
  if (resizer.kind === 'fixed') return resizer.method;
  const { filters, blocks, base, start, frozen } = resizer;
  const extras = [
    base === 'bilinear' ? [] : [base],
    start === 'identity' ? ['from identity'] : [],
    frozen ? ['frozen'] : [],
  ];
  return ['learned', `n=${filters}`, `r=${blocks}`, ...extras.flat()].join(' ');
}

/** Where there are several seeds: each arm's mean over them, with Student's interval. */
function seedMeans(scored: readonly Scored[]): Record<string, Cell>[] {
  const groups = new Map<string, Scored[]>();
  for (const cell of scored) {
    const { backbone, arm } = cell.record.config;
    const key = `${backbone}/${arm}`;
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups.values()].flatMap((group) => {
    const first = group[0]!;
    if (group.length === 1) return [];
    const errors = (k: number) =>
      group.map(({ predictions }) => predictions.filter(({ rank }) => rank > k).length / predictions.length);
    const differences = group.flatMap((cell) => {
      const control = controlOf(cell, scored);
      return control ? [paired(cell, control).difference.value] : [];
    });
    const mean = (values: number[], unit: 'percent' | 'points') => {
      const { value, low, high } = meanOverSeeds(values);
      return { value, low, high, unit };
    };
    return [
      {
        ...row(first, undefined),
        seed: `mean of ${group.length}`,
        top1: mean(errors(1), 'percent'),
        top5: mean(errors(5), 'percent'),
        difference: differences.length === group.length ? mean(differences, 'points') : null,
        cell: null,
      },
    ];
  });
}

function notesOf(scored: readonly Scored[]): string[] {
  const seeds = [...new Set(scored.map(({ record }) => record.config.seed))];
  const { training, duration } =
    scored.find(({ record }) => record.config.role === 'arm')?.record.config ?? {};
  const extra =
    duration && ('epochs' in duration ? counted(duration.epochs, 'epoch') : counted(duration.steps, 'step'));
  return [
    `Seeds: ${seeds.join(', ')}. Intervals: 95 %, Wilson's for an error, Tango's for a paired difference, Student's over seeds.`,
    ...(training
      ? [
          `Every arm starts from the baseline's checkpoint and trains for another ${extra}, in the same order of photos (batch ${training.batch}).`,
        ]
      : []),
    'McNemar p: exact, two-sided, over the photos that only one of the two gets right; a tie is p ≥ 0.05.',
  ];
}

function counted(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? '' : 's'}`;
}
