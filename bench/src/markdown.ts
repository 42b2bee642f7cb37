import type { Comparison, Line } from './compare.ts';
import { busyText, digits, gigabytes, minuteOf, table } from './format.ts';
import type { Machine } from './machine.ts';
import type { Pace } from './measure.ts';
import type { Spread } from './statistics.ts';

/** What one call measured. */
export interface Sitting {
  machine: Machine;
  pace: Pace;
  versions: Readonly<Record<string, string>>;
  comparisons: readonly Comparison[];
}

/**
 * The sittings with each row where it was measured last; a sitting that has lost all its rows goes.
 * @param sittings the earlier ones first
 */
export function merged(sittings: readonly Sitting[]): Sitting[] {
  const last = new Map(sittings.flatMap(({ comparisons }) => comparisons.map((row) => [row.name, row])));
  return sittings
    .map((sitting) => ({
      ...sitting,
      comparisons: sitting.comparisons.filter((row) => last.get(row.name) === row),
    }))
    .filter(({ comparisons }) => comparisons.length > 0);
}

/** Sittings as a page of Markdown. */
export function markdown(sittings: readonly Sitting[]): string {
  const entries = sittings.flatMap(({ comparisons }, i) =>
    comparisons.map((comparison) => ({ comparison, sitting: i + 1 })),
  );
  return [
    '# Bench results',
    '',
    'Written by `npm run bench`. How to read it: README.md beside it.',
    '',
    ...sittings.flatMap(conditions),
    '',
    ...summary(entries),
    ...entries.flatMap((entry) => ['', ...detail(entry)]),
    '',
  ].join('\n');
}

interface Entry {
  comparison: Comparison;
  /** Counted from 1. */
  sitting: number;
}

function conditions({ machine, pace, versions }: Sitting, index: number): string[] {
  const { date, cpu, cores, memory, system, busy } = machine;
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- Sitting ${index + 1}, ${minuteOf(date)} UTC, ${busyText(busy)}`,
    `  - Machine: ${cpu}, ${cores} cores, ${gigabytes(memory)} of memory, ${system}`,
    `  - Versions: ${names.join(', ')}`,
    `  - Protocol: contestants in turn, ${pace.rounds} rounds of about ${pace.turnSeconds} s each; medians (lowest – highest round)`,
  ];
}

function summary(entries: readonly Entry[]): string[] {
  return table(
    ['step', 'images/s', 'best peer', 'times as fast as it', 'promised', 'sitting'],
    entries.map(({ comparison: { name, lines, best, promised }, sitting }) => [
      name,
      digits(lines[0]!.imagesPerSecond),
      best?.peer ?? '–',
      best ? spread(best.ratio, (ratio) => ratio.toFixed(2)) : '–',
      promised && best ? `${promised} ${best.ratio.median >= promised ? 'kept' : 'missed'}` : '–',
      String(sitting),
    ]),
  );
}

function detail({ comparison: { name, lines, failures } }: Entry): string[] {
  const header = [
    'contestant',
    'ms/step',
    'images/s',
    'peak memory',
    'first step after',
    'GFLOP/s',
    'of matrix product',
  ];
  return [
    `## ${name}`,
    '',
    ...table(header, lines.map(cells)),
    ...failures.flatMap(({ name: failed, failure }) => ['', `${failed} failed: ${failure}`]),
  ];
}

function cells(line: Line): string[] {
  return [
    line.name,
    spread(line.secondsPerStep, (seconds) => digits(seconds * 1000)),
    digits(line.imagesPerSecond),
    gigabytes(line.peakMemory),
    `${line.secondsToFirstStep.toFixed(1)} s`,
    digits(line.flopsPerSecond / 1e9),
    `${(line.share * 100).toFixed(0)} %`,
  ];
}

const spread = ({ median, low, high }: Spread, format: (value: number) => string) =>
  `${format(median)} (${format(low)} – ${format(high)})`;
