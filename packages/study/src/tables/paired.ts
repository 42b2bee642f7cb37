import { meanOverSeeds } from '@resizer-lab/metrics';
import type { Cell, Column, EstimateCell, Table, Unit } from '@resizer-lab/report';
import { resizerText } from '../config/resizers.ts';
import { alarmsOf } from './alarms.ts';
import { type Comparison, verdictOf, verdictText } from './comparison.ts';
import { checkPair, controlOf, type Scored } from './scored.ts';

/** A number of every cell, with its interval. */
export interface Metric<S extends Scored> {
  key: string;
  header: string;
  unit: Unit;
  detail?: boolean;
  /** Null where it was not measured. */
  of(cell: S): Interval | null;
}

/** A number; one that has no interval has nulls. */
export type Interval = Pick<EstimateCell, 'value' | 'low' | 'high'>;

export interface PairedTableOptions<S extends Scored> {
  /** Of the table's files. */
  name: string;
  title: string;
  metrics: readonly Metric<S>[];
  /** The first one gives the verdict. */
  comparisons: readonly [Comparison<S>, ...Comparison<S>[]];
  notes: readonly string[];
}

/** Every arm beside its paired control, a row a cell; where there are several seeds, the means over them. */
export function pairedTable<S extends Scored>(scored: readonly S[], options: PairedTableOptions<S>): Table {
  const { name, title, notes, comparisons } = options;
  return {
    name,
    title,
    columns: columnsOf(options),
    rows: [
      ...scored.map((cell) => row(cell, controlOf(cell, scored), options)),
      ...seedMeans(scored, options),
    ],
    notes,
    alarms: alarmsOf(scored, comparisons[0]),
  };
}

function columnsOf<S extends Scored>({ metrics, comparisons }: PairedTableOptions<S>): Column[] {
  return [
    { key: 'backbone', header: 'Backbone' },
    { key: 'arm', header: 'Arm' },
    { key: 'resizer', header: 'Resizer', detail: true },
    { key: 'sizes', header: 'Sizes', detail: true },
    { key: 'seed', header: 'Seed', align: 'right' },
    { key: 'n', header: 'n', format: 'count', detail: true },
    { key: 'cost', header: 'Multiply-adds (G)', detail: true },
    ...metrics.map(({ key, header, detail }) => ({ key, header, ...(detail ? { detail } : {}) })),
    ...comparisons.flatMap(({ key, header, p }) => [
      { key, header },
      { key: p.key, header: p.header, format: 'p' as const },
    ]),
    { key: 'verdict', header: 'Against control' },
    { key: 'cell', header: 'Cell', detail: true },
  ];
}

type Row = Record<string, Cell>;

function row<S extends Scored>(
  cell: S,
  control: S | undefined,
  { metrics, comparisons }: PairedTableOptions<S>,
): Row {
  const { key, config, measurements } = cell.record;
  const { multiplyAdds } = measurements;
  if (control) checkPair(cell, control);
  const compared = comparisons.flatMap((comparison): [string, Cell][] => {
    const difference = control && comparison.of(cell, control);
    return [
      [comparison.key, estimate(difference ?? null, comparison.unit)],
      [comparison.p.key, difference ? difference.p : null],
    ];
  });
  const [first] = comparisons;
  const verdict = control && verdictOf(first.of(cell, control), first.better);
  return {
    backbone: config.backbone,
    arm: config.arm,
    resizer: resizerText(config.resizer),
    sizes: `${config.input} → ${config.target}`,
    seed: String(config.seed),
    n: cell.predictions.length,
    cost: (multiplyAdds.resizer + multiplyAdds.backbone) / 1e9,
    ...Object.fromEntries(metrics.map((metric) => [metric.key, estimate(metric.of(cell), metric.unit)])),
    ...Object.fromEntries(compared),
    verdict: verdict ? verdictText(verdict, config.expect) : null,
    cell: key,
  };
}

function estimate(interval: Interval | null, unit: Unit): Cell {
  if (!interval) return null;
  const { value, low, high } = interval;
  return { value, low, high, unit };
}

/** Where there are several seeds: each arm's mean over them, with Student's interval. */
function seedMeans<S extends Scored>(scored: readonly S[], options: PairedTableOptions<S>): Row[] {
  const { metrics, comparisons } = options;
  return groupedOverSeeds(scored).flatMap((group) => {
    if (group.length === 1) return [];
    // Over all seeds or none: a mean over some would be taken for one over all.
    const mean = (intervals: (Interval | null | undefined)[], unit: Unit) => {
      const values = intervals.flatMap((interval) => interval?.value ?? []);
      return values.length === group.length ? estimate(meanOverSeeds(values), unit) : null;
    };
    const difference = (cell: S, comparison: Comparison<S>) => {
      const control = controlOf(cell, scored);
      return control && comparison.of(cell, control);
    };
    return [
      {
        ...row(group[0]!, undefined, options),
        seed: `mean of ${group.length}`,
        ...Object.fromEntries(
          metrics.map((metric) => [
            metric.key,
            mean(
              group.map((cell) => metric.of(cell)),
              metric.unit,
            ),
          ]),
        ),
        ...Object.fromEntries(
          comparisons.map((comparison) => [
            comparison.key,
            mean(
              group.map((cell) => difference(cell, comparison)),
              comparison.unit,
            ),
          ]),
        ),
        cell: null,
      },
    ];
  });
}

/** Cells that differ in their seed alone, together. */
export function groupedOverSeeds<S extends Scored>(scored: readonly S[]): S[][] {
  const groups = new Map<string, S[]>();
  for (const cell of scored) {
    const { backbone, input, target, arm } = cell.record.config;
    const key = `${backbone}/${input}/${target}/${arm}`;
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups.values()];
}
