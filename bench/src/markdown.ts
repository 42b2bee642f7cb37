import type { Comparison, Line } from './compare.ts';
import type { Sitting } from './machine.ts';
import type { Pace } from './measure.ts';
import type { Spread } from './statistics.ts';

export interface Results {
  sitting: Sitting;
  pace: Pace;
  versions: Readonly<Record<string, string>>;
  comparisons: readonly Comparison[];
}

/** Load average above which a machine was not idle. */
const BUSY = 0.7;

/** Results as a page of Markdown. */
export function markdown({ sitting, pace, versions, comparisons }: Results): string {
  const { date, cpu, cores, memory, system, load } = sitting;
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    '# Bench results',
    '',
    `Written by \`npm run bench\` on ${date.slice(0, 16).replace('T', ' ')} UTC. How to read it: README.md beside it.`,
    '',
    `- Machine: ${cpu}, ${cores} cores, ${gigabytes(memory)} of memory, ${system}; load average at the start ${load.toFixed(2)}${load > BUSY ? ': others were at work, and the numbers below are not to be trusted' : ''}`,
    `- Versions: ${names.join(', ')}`,
    `- Protocol: contestants in turn, ${pace.rounds} rounds of about ${pace.turnSeconds} s each; medians (lowest – highest round)`,
    '',
    ...summary(comparisons),
    ...comparisons.flatMap((comparison) => ['', ...detail(comparison)]),
    '',
  ].join('\n');
}

function summary(comparisons: readonly Comparison[]): string[] {
  return table(
    ['step', 'images/s', 'best peer', 'times as fast as it', 'promised'],
    comparisons.map(({ name, lines, best, promised }) => [
      name,
      digits(lines[0]!.imagesPerSecond),
      best?.peer ?? '–',
      best ? spread(best.ratio, (ratio) => ratio.toFixed(2)) : '–',
      promised && best ? `${promised} ${best.ratio.median >= promised ? 'kept' : 'missed'}` : '–',
    ]),
  );
}

function detail({ name, lines, failures }: Comparison): string[] {
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

function table(header: readonly string[], body: readonly (readonly string[])[]): string[] {
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  return [line(header), line(header.map((_, i) => (i === 0 ? '---' : '---:'))), ...body.map(line)];
}

const spread = ({ median, low, high }: Spread, format: (value: number) => string) =>
  `${format(median)} (${format(low)} – ${format(high)})`;

/** Three significant digits, without an exponent. */
const digits = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
