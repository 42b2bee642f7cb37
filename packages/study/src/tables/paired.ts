import type { Cell, Column, Table, Unit } from '@resizer-lab/report';
import { resizerText } from '../config/resizers.ts';
import { alarmsOf } from './alarms.ts';
import { type Comparison, verdictOf, verdictText } from './comparison.ts';
import { estimateOf, type Interval, overSeeds } from './estimates.ts';
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
      [comparison.key, estimateOf(difference ?? null, comparison.unit)],
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
    ...Object.fromEntries(metrics.map((metric) => [metric.key, estimateOf(metric.of(cell), metric.unit)])),
    ...Object.fromEntries(compared),
    verdict: verdict ? verdictText(verdict, config.expect) : null,
    cell: key,
  };
}

/** Where there are several seeds: each arm's mean over them, with Student's interval. */
function seedMeans<S extends Scored>(scored: readonly S[], options: PairedTableOptions<S>): Row[] {
  const { metrics, comparisons } = options;
  return groupedOverSeeds(scored).flatMap((group) => {
    if (group.length === 1) return [];
    const difference = (cell: S, comparison: Comparison<S>) => {
      const control = controlOf(cell, scored);
      return control && comparison.of(cell, control);
    };
    return [
      {
        ...row(group[0]!, undefined, options),
        seed: `mean of ${group.length}`,
        ...Object.fromEntries(
          metrics.map((metric) => {
            const mean = overSeeds(group.map((cell) => metric.of(cell)));
            return [metric.key, estimateOf(mean, metric.unit)];
          }),
        ),
        ...Object.fromEntries(
          comparisons.map((comparison) => {
            const mean = overSeeds(group.map((cell) => difference(cell, comparison)));
            return [comparison.key, estimateOf(mean, comparison.unit)];
          }),
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
