import type { Cell, Column, Table } from '@resizer-lab/report';
import { estimateOf, overSeeds, type Paper, printedOf, type Scored } from '@resizer-lab/study';
import type { Swap } from './arms.ts';
import { differenceOf, type Scoring } from './scoring.ts';
import { type Reference, referenceOf, referenceText, swapsOf, targetsOf } from './swaps.ts';

export interface MatrixOptions<S extends Scored> {
  /** Of the table's files. */
  name: string;
  title: string;
  scoring: Scoring<S>;
  swap: Swap;
  /** Columns before those of the sources. */
  references: readonly Reference[];
  /** Null: no column beside ours. */
  paper: Paper | null;
  notes: readonly string[];
}

/** Rows are targets, columns the backbones that the resizer was trained with; means over seeds. */
export function matrixTable<S extends Scored>(scored: readonly S[], options: MatrixOptions<S>): Table {
  const { name, title, references, paper, notes } = options;
  const targets = targetsOf(scored);
  return {
    name,
    title,
    columns: [
      { key: 'target', header: 'Backbone' },
      { key: 'seeds', header: 'Seeds', format: 'count', detail: true },
      ...references.map((key): Column => ({ key, header: heading(key) })),
      ...targets.flatMap((source): Column[] => [
        { key: fromKey(source), header: `Resizer of ${source}` },
        ...(paper ? [{ key: `${fromKey(source)}_paper`, header: 'Paper' }] : []),
      ]),
    ],
    rows: targets.map((target) => matrixRow(scored, target, options)),
    notes,
  };
}

const heading = (reference: Reference) =>
  referenceText[reference].replace(/^./, (letter) => letter.toUpperCase());

const fromKey = (source: string) => `from_${source}`;

function matrixRow<S extends Scored>(
  scored: readonly S[],
  target: string,
  { scoring, swap, references, paper }: MatrixOptions<S>,
): Record<string, Cell> {
  const [metric] = scoring.metrics;
  const value = (cells: readonly S[]) =>
    estimateOf(overSeeds(cells.map((cell) => metric.of(cell))), metric.unit);
  const targets = targetsOf(scored);
  const rows = targets.map((source) => ({ source, cells: swapsOf(scored, { target, source, swap }) }));
  // One cell a seed, of any source: a reference does not depend on it.
  const longest = rows.reduce((a, b) => (b.cells.length > a.cells.length ? b : a)).cells;
  const referred = references.map((key): [string, Cell] => {
    return [key, value(longest.flatMap((cell) => referenceOf(cell, key, scored) ?? []))];
  });
  const numbers = rows.flatMap(({ source, cells }): [string, Cell][] => {
    const printed = paper && cells[0] ? printedOf(paper, cells[0], metric.key)?.value : undefined;
    const theirs = printed === undefined ? null : { value: printed, low: null, high: null };
    return [
      [fromKey(source), value(cells)],
      ...(paper ? [[`${fromKey(source)}_paper`, estimateOf(theirs, metric.unit)] as [string, Cell]] : []),
    ];
  });
  return { target, seeds: longest.length, ...Object.fromEntries([...referred, ...numbers]) };
}

const differences: readonly { swap: Swap; reference: Reference }[] = [
  { swap: 'zero-shot', reference: 'baseline' },
  { swap: 'fine-tuned', reference: 'fixed' },
  { swap: 'fine-tuned', reference: 'random' },
  { swap: 'fine-tuned', reference: 'own' },
];

/** The same matrix as differences from each control, with their intervals. */
export function differencesTable<S extends Scored>(
  scored: readonly S[],
  { name, title, scoring, notes }: Pick<MatrixOptions<S>, 'name' | 'title' | 'scoring' | 'notes'>,
): Table {
  const targets = targetsOf(scored);
  const [comparison] = scoring.comparisons;
  const cell = (target: string, source: string, { swap, reference }: (typeof differences)[number]) => {
    const found = swapsOf(scored, { target, source, swap }).map((arm) =>
      differenceOf(comparison, arm, referenceOf(arm, reference, scored)),
    );
    return estimateOf(overSeeds(found), comparison.unit);
  };
  return {
    name,
    title,
    columns: [
      { key: 'target', header: 'Backbone' },
      { key: 'difference', header: scoring.metrics[0].header },
      ...targets.map((source): Column => ({ key: fromKey(source), header: `Resizer of ${source}` })),
    ],
    rows: targets.flatMap((target) =>
      differences.map((row) => ({
        target,
        difference: `${row.swap} minus ${referenceText[row.reference]}`,
        ...Object.fromEntries(targets.map((source) => [fromKey(source), cell(target, source, row)])),
      })),
    ),
    notes,
  };
}
