import { busyText, digits, gigabytes, minuteOf, table } from './format.ts';
import { type Cost, type MeasuredCurve, secondsPerFlop, worseThanProportional } from './scaling-cost.ts';

export const tasks = ['train', 'evaluate'] as const;

/** Curves as a page of Markdown. */
export function scalingMarkdown(curves: readonly MeasuredCurve[]): string {
  return [
    '# Cost and size of the work',
    '',
    'Written by `npm run bench:scaling`. How it is measured, and why a point is dear: README.md beside it.',
    '',
    '![Milliseconds against floating-point operations](scaling.svg)',
    '',
    ...machines(curves),
    '',
    ...verdict(curves),
    ...curves.flatMap((curve) => ['', ...section(curve)]),
    '',
  ].join('\n');
}

function machines(curves: readonly MeasuredCurve[]): string[] {
  const texts = curves.map(({ machine: { cpu, cores, system } }) => `${cpu}, ${cores} cores, ${system}`);
  return [...new Set(texts)].map((text) => `- Machine: ${text}`);
}

function verdict(curves: readonly MeasuredCurve[]): string[] {
  const lines = curves.flatMap((curve) =>
    tasks.flatMap((task) =>
      worseThanProportional(of(task, curve)).map(
        ({ cost, than, ratio }) =>
          `- ${curve.title}: ${task}, ${cost.setting}: an operation costs ${ratio.toFixed(2)} times as much as at ${than.setting}`,
      ),
    ),
  );
  if (lines.length === 0) return ['No point is worse than proportional by more than 25 %.'];
  return ['Worse than proportional by more than 25 %:', '', ...lines];
}

function section(curve: MeasuredCurve): string[] {
  const { date, busy } = curve.machine;
  const header = [
    ...['setting', 'GFLOP/image', 'ms/image', 'GFLOP/s', 'ms per GFLOP against the first', 'peak memory'],
  ];
  return [
    `## ${curve.title}`,
    '',
    `${minuteOf(date)} UTC, ${busyText(busy)}.`,
    '',
    ...table(
      header,
      tasks.flatMap((task) => {
        const costs = of(task, curve);
        return costs.map((cost) => cells(cost, costs[0]!));
      }),
    ),
  ];
}

const of = (task: Cost['task'], { costs }: MeasuredCurve) => costs.filter((cost) => cost.task === task);

function cells(cost: Cost, first: Cost): string[] {
  const { batch, stepFlops, secondsPerStep, peakMemory } = cost;
  const milliseconds = (seconds: number) => digits((1000 * seconds) / batch);
  const { median, low, high } = secondsPerStep;
  return [
    `${cost.task}, ${cost.setting}`,
    digits(stepFlops / batch / 1e9),
    `${milliseconds(median)} (${milliseconds(low)} – ${milliseconds(high)})`,
    digits(1e-9 / secondsPerFlop(cost)),
    (secondsPerFlop(cost) / secondsPerFlop(first)).toFixed(2),
    gigabytes(peakMemory),
  ];
}
