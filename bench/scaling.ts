import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UserError } from '@resizer-lab/base';
import { during, terminal } from '../packages/engine/provision/terminal.mjs';
import { chosen } from './src/choose.ts';
import { command } from './src/command.ts';
import { type Curve, curvesOf, type Setting } from './src/curves.ts';
import { ourEntrant } from './src/entrants.ts';
import { machineNow } from './src/machine.ts';
import { measure, type Pace, succeeded } from './src/measure.ts';
import { type Cost, costOf, latest, type MeasuredCurve, worseThanProportional } from './src/scaling-cost.ts';
import { scalingMarkdown, tasks } from './src/scaling-markdown.ts';
import { scalingPlot } from './src/scaling-plot.ts';
import { nameOf } from './src/work.ts';

const names = curvesOf({ quick: false }).map(({ name }) => name);
const usage = `Usage: npm run bench:scaling -- [options]

Measures how the cost of our training and evaluation steps grows with the input, the batch and the
resizer, against the operations in the recorded graph. Keep the machine idle meanwhile: ten minutes.

  --quick           a few tiny points; about a minute
  --curves GLOBS    only curves whose name matches, with commas between them or repeated:
                    ${names.join(', ')}
  --output FOLDER   writes SCALING.md, scaling.svg and scaling.json there; without --quick into bench/ by
                    itself. Curves in the scaling.json found there stay, if they are not measured again.

Example: npm run bench:scaling -- --curves 'batch*'
`;

interface Request {
  curves: readonly Curve[];
  pace: Pace;
  output: string | undefined;
}

/** @throws UserError for a pattern that no curve matches */
function requestOf(args: string[]): Request | undefined {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      curves: { type: 'string', multiple: true, default: ['*'] },
      output: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { quick } = values;
  const all = new Map(curvesOf({ quick }).map((curve) => [curve.name, curve]));
  return {
    curves: chosen(all, values.curves, { option: 'curves' }),
    pace: { rounds: quick ? 1 : 2, turnSeconds: quick ? 0.2 : 1.5 },
    output: values.output ?? (quick ? undefined : import.meta.dirname),
  };
}

/** One point, in a process of its own, so that no other's memory counts. */
async function measured(setting: Setting, task: Cost['task'], pace: Pace): Promise<Cost> {
  const work = { ...setting.work, task };
  const [outcome] = await during(terminal(), nameOf(work), (update) =>
    measure([ourEntrant(work)], pace, update),
  );
  if (!succeeded(outcome!)) throw new UserError(`${nameOf(work)}: ${outcome!.failure}`);
  return costOf(outcome, { setting: setting.name, task, batch: work.batch });
}

/**
 * The costs of a curve's points. One that looks dear is measured once more, and the faster counts: other
 * programs on the machine make steps slower, never faster.
 */
async function costsOf(points: readonly Setting[], task: Cost['task'], pace: Pace): Promise<Cost[]> {
  const costs = new Map<string, Cost>();
  for (const point of points) costs.set(point.name, await measured(point, task, pace));
  for (const { cost } of worseThanProportional([...costs.values()])) {
    const again = await measured(points.find(({ name }) => name === cost.setting)!, task, pace);
    if (again.secondsPerStep.median < cost.secondsPerStep.median) costs.set(cost.setting, again);
  }
  return [...costs.values()];
}

async function bench({ curves, pace, output }: Request): Promise<void> {
  let all = output ? earlier(output) : [];
  for (const { points, ...curve } of curves) {
    const machine = await machineNow();
    const costs: Cost[] = [];
    for (const task of tasks) costs.push(...(await costsOf(points, task, pace)));
    all = latest([...all, { ...curve, machine, costs }]);
    if (output) await write(output, all);
  }
  process.stdout.write(scalingMarkdown(all));
}

const FILE = 'scaling.json';

function earlier(folder: string): MeasuredCurve[] {
  const path = join(folder, FILE);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as MeasuredCurve[]) : [];
}

async function write(folder: string, curves: readonly MeasuredCurve[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, FILE), `${JSON.stringify(curves, null, 2)}\n`);
  writeFileSync(join(folder, 'SCALING.md'), scalingMarkdown(curves));
  writeFileSync(join(folder, 'scaling.svg'), `${await scalingPlot(curves)}\n`);
}

await command(async () => {
  const request = requestOf(process.argv.slice(2));
  if (request) await bench(request);
  else process.stdout.write(usage);
});
