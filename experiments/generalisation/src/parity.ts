import { join } from 'node:path';
import type { Cell, Table } from '@resizer-lab/report';
import { type Comparison, estimateOf, type Scored } from '@resizer-lab/study';
import { readJsonLines } from '@resizer-lab/training/records';
import { swapArm } from './arms.ts';
import type { Scoring } from './scoring.ts';
import { cellAt, referenceOf, swapsOf, targetsOf } from './swaps.ts';

/** How a swap is after so many epochs in its new place. */
interface Point {
  epoch: number;
  value: number;
}

/** When a swap is level with another cell's end. */
export interface Parity {
  /** The first epoch at whose end it is at least as good, 0 before any; null if it never is. */
  epoch: number | null;
  /** As long as it was trained. */
  epochs: number;
}

/** The first point that is at least as good as a value. */
export function parityWith(
  curve: readonly Point[],
  end: number,
  better: Comparison<Scored>['better'],
): Parity {
  const first = curve.find(({ value }) => (better === 'lower' ? value <= end : value >= end));
  return { epoch: first?.epoch ?? null, epochs: curve.at(-1)?.epoch ?? 0 };
}

/**
 * When a fine-tuned swap is level with the end of a reference; null where a cell that is needed for
 * that is not finished.
 */
export function parityOf<S extends Scored>(
  swap: S,
  reference: 'random' | 'own',
  { scored, scoring }: { scored: readonly S[]; scoring: Scoring<S> },
): Parity | null {
  const other = referenceOf(swap, reference, scored);
  const start = zeroShotOf(swap, scored);
  const [metric] = scoring.metrics;
  const [end, begin] = [other, start].map((cell) => cell && metric.of(cell)?.value);
  if (end === undefined || begin === undefined) return null;
  const curve = [{ epoch: 0, value: begin }, ...curveOf(swap, scoring.curve)];
  return parityWith(curve, end, scoring.comparisons[0].better);
}

/** The same resizer in the same place before it was trained there. */
function zeroShotOf<S extends Scored>({ record: { config } }: S, scored: readonly S[]): S | undefined {
  const { backbone: target, range, seed } = config;
  return cellAt(scored, { target, arm: swapArm('zero-shot', range), seed });
}

/** A metric at the end of each epoch; an epoch at which it was not defined is left out. */
function curveOf({ record }: Scored, name: string): Point[] {
  return readJsonLines(join(record.directory, 'metrics.jsonl')).flatMap(({ epoch, [name]: value }) =>
    typeof value === 'number' ? [{ epoch: Number(epoch) + 1, value }] : [],
  );
}

/** For each swap and seed, how many epochs it takes to be level with what its target would have had anyway. */
export function parityTable<S extends Scored>(
  scored: readonly S[],
  { name, title, scoring }: { name: string; title: string; scoring: Scoring<S> },
): Table {
  const [{ header }] = scoring.metrics;
  const targets = targetsOf(scored);
  return {
    name,
    title,
    columns: [
      { key: 'target', header: 'Backbone' },
      { key: 'source', header: 'Resizer of' },
      { key: 'seed', header: 'Seed', align: 'right' },
      { key: 'start', header: `${header}, zero-shot`, detail: true },
      { key: 'end', header: `${header}, fine-tuned` },
      { key: 'to_random', header: 'Epochs to resizer from random values', align: 'right' },
      { key: 'to_own', header: 'Epochs to own resizer', align: 'right' },
      { key: 'cell', header: 'Cell', detail: true },
    ],
    rows: targets.flatMap((target) =>
      targets.flatMap((source) =>
        swapsOf(scored, { target, source, swap: 'fine-tuned' }).map((swap) => row(swap, scored, scoring)),
      ),
    ),
    notes: [
      `The first epoch of fine-tuning after which ${header} is at least as good as that of the target's resizer from random values, or its own resizer, at the end of as many epochs; 0: already before the first one.`,
    ],
  };
}

function row<S extends Scored>(swap: S, scored: readonly S[], scoring: Scoring<S>): Record<string, Cell> {
  const { config, key } = swap.record;
  const [metric] = scoring.metrics;
  const start = zeroShotOf(swap, scored);
  const epochs = (reference: 'random' | 'own') => {
    // With itself it would be level at its own end, which says nothing.
    if (referenceOf(swap, reference, scored) === swap) return null;
    return parityText(parityOf(swap, reference, { scored, scoring }));
  };
  return {
    ...{ target: config.backbone, source: config.range, seed: String(config.seed) },
    start: estimateOf(start ? metric.of(start) : null, metric.unit),
    end: estimateOf(metric.of(swap), metric.unit),
    ...{ to_random: epochs('random'), to_own: epochs('own') },
    cell: key,
  };
}

function parityText(parity: Parity | null): string | null {
  if (!parity) return null;
  return parity.epoch === null ? `> ${parity.epochs}` : String(parity.epoch);
}
