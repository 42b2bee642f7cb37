import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineStudy, planSuite, type Study } from '@resizer-lab/suite';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Calibration, toTime } from './duration.ts';
import { configPlan, type ConfigPlan, costsToDo, plannedCells, total } from './plan.ts';
import { ownFolder, resizer, writeConfig } from './testing/resizer.fixture.ts';

const cwd = ownFolder();
beforeAll(() => writeConfig(join(cwd, 'tiny.yaml')));

const dataset = { kind: 'labels', path: 'none', file: 'none' } as const;

/** A study that computes nothing: its cells say what they would cost. */
const noop = defineStudy({
  name: 'noop',
  config: z.object({}),
  cell: z.strictObject({ arm: z.string(), seed: z.int() }),
  measurements: z.null(),
  photos: () => dataset,
  datasets: () => Promise.resolve({}),
  cells: (_, seeds) =>
    seeds.flatMap((seed) =>
      ['baseline', 'learned'].map((arm) => ({
        ...{ id: `net/${arm}/seed${seed}`, config: { arm, seed }, data: [] },
        needs: arm === 'learned' ? { baseline: `net/baseline/seed${seed}` } : {},
      })),
    ),
  costs: (cells) =>
    Promise.resolve(
      cells.map(({ config: { arm } }) => ({
        ...{ trainingImages: 1000, evaluationImages: 500, diskBytes: 10 },
        multiplyAdds: { net: 2e6, resizer: arm === 'learned' ? 1e6 : 0 },
        ...{ batch: 64, sides: { net: 70, resizer: 200 } },
        loading: { dataset, transform: { fit: 'stretch' } as const, size: 200, photos: 1500 },
      })),
    ),
  run: () => Promise.resolve(null),
  tables: () => Promise.resolve([]),
});

async function planOf(study: Study, seeds: number, results = 'none') {
  const config = { file: 'c.yaml', name: 'c', study, suite: 's', title: 'T', config: {} };
  const place = { results: join(cwd, results), dataRoot: cwd };
  const all = Array.from({ length: seeds }, (_, i) => i);
  const [plan] = await planSuite([{ ...config, seeds: all }], place);
  return { plan: plan!, planned: await plannedCells(plan!, place) };
}

/** Of a machine whose process starts in a second and whose parts in two; the resizer is the slower part. */
function calibration({ parts, photos }: ReturnType<typeof toTime>, perSecond = 100): Calibration {
  return {
    ...{ machine: 'm', cores: 2, process: { seconds: 1, when: '' } },
    parts: parts.map((part) => ({ ...part, flops: part.part === 'net' ? 1e9 : 5e8, starting: 2, when: '' })),
    photos: photos.map((each) => ({ ...each, perSecond, when: '' })),
  };
}

const hours = (seconds: number) => expect.closeTo(seconds / 3600, 9) as number;

const finished = { state: 'done', measurements: null, started: '', finished: '', seconds: 5, software: {} };

describe('a plan', () => {
  it('of 2,000 cells is made in less than two seconds', async () => {
    const start = performance.now();
    const { plan, planned } = await planOf(noop, 1000);
    expect(configPlan(plan, planned, undefined).groups).toMatchObject([
      { id: 'net/baseline', cells: 1000, done: 0 },
      { id: 'net/learned', cells: 1000, done: 0 },
    ]);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('counts two operations a multiply-add, three passes an image trained on, and no cell that is done', async () => {
    const { plan } = await planOf(noop, 3);
    const cell = join(cwd, 'partly/s/cells', plan.cells.find(({ id }) => id === 'net/learned/seed1')!.key);
    mkdirSync(cell, { recursive: true });
    writeFileSync(join(cell, 'result.json'), JSON.stringify(finished));
    const { planned } = await planOf(noop, 3, 'partly');
    const wanted = toTime(costsToDo(planned));
    // The nearest of the sides that are timed, and no more at once than a step of that size needs.
    expect(wanted.parts).toEqual([
      { part: 'net', side: 64, batch: 32 },
      { part: 'resizer', side: 224, batch: 8 },
    ]);
    expect(wanted.photos).toEqual([{ dataset, transform: { fit: 'stretch' }, size: 200 }]);
    // A cell: 2 · (3 · 1000 + 500) = 7000 passes' operations for each multiply-add; 15 s of photos on two cores.
    const [net, resizer] = [7000 * 2e6, 7000 * 1e6];
    const { groups } = configPlan(plan, planned, calibration(wanted));
    expect(groups).toEqual([
      {
        ...{ id: 'net/baseline', cells: 3, done: 0 },
        toDo: { flops: 3 * net, hours: hours(3 * (3 + net / 1e9 + 15 / 2)), diskBytes: 30 },
      },
      {
        ...{ id: 'net/learned', cells: 3, done: 1 },
        toDo: {
          flops: 2 * (net + resizer),
          hours: hours(2 * (5 + net / 1e9 + resizer / 5e8 + 15 / 2)),
          diskBytes: 20,
        },
      },
    ]);
    expect(total(groups.map(({ toDo }) => toDo!)).flops).toBe(5 * net + 2 * resizer);
  });

  it('waits for photos where they are loaded more slowly than the network works', async () => {
    const { plan, planned } = await planOf(noop, 1);
    const slow = calibration(toTime(costsToDo(planned)), 10);
    expect(configPlan(plan, planned, slow).groups[0]?.toDo?.hours).toEqual(hours(3 + 150));
  });

  it('says nothing of what it does not know', async () => {
    const silent: Study = { ...noop };
    delete silent.costs;
    const { plan, planned } = await planOf(silent, 1);
    expect(configPlan(plan, planned, undefined).groups[0]).toMatchObject({ cells: 1, toDo: null });
    const known = await planOf(noop, 1);
    expect(configPlan(known.plan, known.planned, undefined).groups[0]?.toDo).toMatchObject({ hours: null });
  });
});

describe('the command', () => {
  it('counts a study without timing it, and writes nothing', async () => {
    const ended = await resizer(['plan', 'tiny.yaml', '--no-hours', '--json'], { cwd });
    expect([ended.code, ended.stderr]).toEqual([0, '']);
    const { plans } = JSON.parse(ended.stdout) as { plans: ConfigPlan[] };
    const [baseline, bilinear, learned] = plans[0]!.groups.map(({ toDo }) => toDo!);
    expect(plans[0]!.groups.map(({ id, cells }) => [id, cells])).toEqual(
      ['baseline', 'bilinear', 'learned'].map((arm) => [`mobilenetv2_0.35/${arm}`, 1]),
    );
    // One epoch against two of the same network.
    expect(bilinear!.flops).toBe(2 * baseline!.flops);
    expect(learned!.flops).toBeGreaterThan(bilinear!.flops);
    expect(baseline!.diskBytes).toBeGreaterThan(1e6);
    expect(readdirSync(cwd)).not.toContain('results');
  });

  it('times a machine once, and tells what its hours rest on', async () => {
    const env = { RESIZER_CACHE: join(cwd, 'cache') };
    const first = await resizer(['plan', 'tiny.yaml'], { cwd, env });
    expect([first.code, first.stderr.trimEnd().split('\n')]).toEqual([
      0,
      [
        'timing the start of a process',
        'timing training steps: mobilenetv2_0.35 at 32 px',
        'timing training steps: resizer at 64 px',
        'timing photos at 48 px',
      ],
    ]);
    expect(first.stdout).toMatch(/^tiny\.yaml \(suite tiny\): Tiny\n/);
    expect(first.stdout).toMatch(/\n3 cells, 0 done\. To do: \S+ TFLOP, about \S+ hours here, /);
    for (const line of [
      / {2}a process starts in \S+ s\n/,
      / {2}mobilenetv2_0\.35 at 32 px, 8 a step: \S+ GFLOP\/s, after \S+ s for compiling and the first step\n/,
      / {2}resizer at 64 px, 8 a step: \S+ GFLOP\/s, /,
      / {2}pictures drawn at 48 px: \S+ a second, /,
    ]) {
      expect(first.stdout).toMatch(line);
    }
    const again = await resizer(['plan', 'tiny.yaml'], { cwd, env });
    expect(again).toEqual({ ...first, stderr: '' });
  });
});
