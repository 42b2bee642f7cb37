import { type Table, toTerminal } from '@resizer-lab/report';
import type { Calibration } from './duration.ts';
import { type ConfigPlan, type Group, total } from './plan.ts';

/** Plans as text: a table a config, then the sum and what the hours rest on. */
export function planText(
  plans: readonly ConfigPlan[],
  { calibration, width }: { calibration: Calibration | undefined; width: number },
): string {
  const groups = plans.flatMap((plan) => plan.groups);
  const tables = plans.map((plan) => toTerminal(tableOf(plan), { width }));
  return [...tables, summary(groups), ...(calibration ? [basis(calibration)] : [])].join('\n');
}

function tableOf({ file, suite, config, title, groups }: ConfigPlan): Table {
  return {
    name: config,
    title: `${file} (suite ${suite}): ${title}`,
    columns: [
      { key: 'id', header: 'Cells' },
      { key: 'cells', header: 'n', format: 'count' },
      { key: 'done', header: 'Done', format: 'count' },
      { key: 'flops', header: 'TFLOP to do' },
      { key: 'hours', header: 'Hours to do' },
      { key: 'disk', header: 'MB at most', detail: true },
    ],
    rows: groups.map(({ id, cells, done, toDo }) => ({
      ...{ id, cells, done },
      flops: toDo === null ? null : rounded(toDo.flops / 1e12),
      hours: toDo === null || toDo.hours === null ? null : rounded(toDo.hours),
      disk: toDo === null ? null : rounded(toDo.diskBytes / 1e6),
    })),
    notes: [],
  };
}

function summary(groups: readonly Group[]): string {
  const count = (of: (group: Group) => number) => groups.reduce((n, group) => n + of(group), 0);
  const [cells, done] = [count((group) => group.cells), count((group) => group.done)];
  const all = groups.flatMap(({ toDo }) => (toDo === null ? [] : [toDo]));
  const { flops, hours, diskBytes } = total(all);
  const costs = [
    `${rounded(flops / 1e12)} TFLOP`,
    ...(hours === null ? [] : [`about ${rounded(hours)} hours here, one cell after the other`]),
    `${rounded(diskBytes / 1e6)} MB of disk at most`,
  ];
  const isKnown = all.length === groups.length;
  const toDo = isKnown ? costs.join(', ') : 'a study here does not say what its cells cost';
  return `${cells === 1 ? '1 cell' : `${cells} cells`}, ${done} done. To do: ${toDo}.`;
}

function basis({ machine, cores, process, parts, photos }: Calibration): string {
  const days = [process, ...parts, ...photos].map(({ when }) => when.slice(0, 10)).sort();
  const timed = days[0] === days.at(-1) ? days[0]! : `${days[0]} to ${days.at(-1)}`;
  return [
    `Hours are an estimate, from what was timed on this machine (${machine}, ${cores} cores; ${timed}):`,
    `  a process starts in ${rounded(process.seconds)} s`,
    ...parts.map(
      ({ part, side, batch, flops, starting }) =>
        `  ${part} at ${side} px, ${batch} a step: ${rounded(flops / 1e9)} GFLOP/s, after ${rounded(starting)} s for compiling and the first step`,
    ),
    ...photos.map(
      ({ dataset, size, perSecond }) =>
        `  ${dataset.kind === 'synthetic' ? 'pictures drawn' : `photos of ${dataset.path} decoded`} at ${size} px: ${rounded(perSecond)} a second, beside the steps`,
    ),
    'Operations are counted in the recorded graphs, three forward passes a training step. Photos are decoded once for all',
    'cells of a config that share them; what the photo cache holds already is not taken off.',
  ].join('\n');
}

/** To two or three significant digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(value < 10 ? 2 : 3));
}
