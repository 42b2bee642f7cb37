import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Table } from '@resizer-lab/report';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  cellFolders,
  type Ended,
  expectNoStack,
  linesOf,
  ownFolder,
  resizer,
  start,
  until,
  writeConfig,
} from './testing/resizer.fixture.ts';

const cwd = ownFolder();
const suite = join(cwd, 'results/tiny');
const arms = ['baseline', 'bilinear', 'learned'];

/** A run from beginning to end, and a second one that was started meanwhile. */
let first: Ended;
let second: Ended;
beforeAll(async () => {
  writeConfig(join(cwd, 'tiny.yaml'));
  const run = start(['run', 'tiny.yaml'], { cwd });
  await until(() => existsSync(join(suite, 'plans/tiny.json')), run);
  second = await resizer(['run', 'tiny.yaml', '--only', '*/bilinear/*'], { cwd });
  first = await run.ended;
}, 120_000);

const filesOf = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

describe('a suite', () => {
  it('runs to its table', () => {
    expect(first.code).toBe(0);
    const ends = `${first.stderr}${second.stderr}`
      .split('\n')
      .filter((line) => line.includes('took'))
      .sort();
    expect(ends).toEqual(
      [8, 16, 16].map(
        (steps, i) =>
          expect.stringMatching(
            `^tiny: mobilenetv2_0.35/${arms[i]}/seed1  epoch .* step ${steps}/${steps} `,
          ) as string,
      ),
    );
    expect(first.stdout).toMatch(/^\nTiny\n\nBackbone +Arm +Resizer /);
    expect(first.stdout).toMatch(/\nmobilenetv2_0\.35 +learned +learned /);
    expect(first.stdout).toMatch(/\n3 files in results\/tiny\/tables\n$/);
    expect(readdirSync(join(suite, 'tables')).sort()).toEqual(
      ['csv', 'md', 'tex'].map((end) => `tiny-errors.${end}`),
    );
    expectNoStack(first);
  });

  it('leaves in each cell what was measured, and the evidence that a learned resizer was at work', () => {
    const cells = cellFolders(suite);
    expect(Object.keys(cells)).toEqual(arms);
    for (const [arm, folder] of Object.entries(cells)) {
      expect(readdirSync(folder).sort()).toEqual([
        ...['cell.json', 'checkpoints', 'events', 'log.txt', 'metrics.jsonl', 'predictions.jsonl'],
        ...['result.json', 'timing.jsonl', 'weights.safetensors'],
      ]);
      // Nothing of TensorFlow's chatter.
      expect(readFileSync(join(folder, 'log.txt'), 'utf8')).toBe('');
      expect([linesOf(folder), linesOf(folder, 'predictions.jsonl')]).toEqual([
        arm === 'baseline' ? 9 : 18,
        30,
      ]);
      const { measurements } = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as {
        measurements: {
          probes: null | {
            sizeIsTarget: boolean;
            differenceFromInterpolation: number;
            weights: Record<string, { gradient: number; moved: number }>;
          };
        };
      };
      expect(measurements).toMatchObject({ photos: 30, trainingPhotos: 64, dropped: 0 });
      if (arm !== 'learned') {
        expect(measurements.probes).toBeNull();
        continue;
      }
      const { weights, ...probes } = measurements.probes!;
      expect(probes).toMatchObject({ outputShape: [16, 16, 3], sizeIsTarget: true });
      expect(probes.differenceFromInterpolation).toBeGreaterThan(1e-3);
      expect(Object.keys(weights)).toHaveLength(14);
      for (const { gradient, moved } of Object.values(weights)) {
        expect(gradient).toBeGreaterThan(0);
        expect(moved).toBeGreaterThan(0);
      }
    }
  });

  it('is shared by a second run at the same time: no cell is run twice', () => {
    expect(second.code).toBe(0);
    expect(`${first.stderr}${second.stderr}`.match(/ took /g)).toHaveLength(arms.length);
    expectNoStack(second);
  });

  it('run again has nothing to do, and prints the same', async () => {
    const results = () =>
      Object.values(cellFolders(suite)).map((folder) => statSync(join(folder, 'result.json')).mtimeMs);
    const before = results();
    const again = await resizer(['run', 'tiny.yaml'], { cwd });
    expect(again).toEqual({
      code: 0,
      stdout: first.stdout,
      stderr: arms.map((arm) => `tiny: mobilenetv2_0.35/${arm}/seed1  done earlier\n`).join(''),
    });
    expect(results()).toEqual(before);
  });

  it('gives the same tables again from its records, to the byte', async () => {
    const before = filesOf(join(suite, 'tables'));
    rmSync(join(suite, 'tables'), { recursive: true });
    const { code, stdout, stderr } = await resizer(['tables', 'results/tiny'], { cwd });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: first.stdout, stderr: '' });
    expect(filesOf(join(suite, 'tables'))).toEqual(before);
  });

  it('gives its tables as JSON', async () => {
    const { code, stdout, stderr } = await resizer(['tables', 'results/tiny', '--json'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    const [table, ...others] = JSON.parse(stdout) as Table[];
    expect(others).toEqual([]);
    expect(table).toMatchObject({ name: 'tiny-errors', title: 'Tiny', alarms: [] });
    expect(table!.rows.map(({ arm, n, seed }) => [arm, n, seed])).toEqual(arms.map((arm) => [arm, 30, '1']));
    expect(table!.rows[2]).toMatchObject({ top1: { unit: 'percent' }, difference: { unit: 'points' } });
  });
});

/** What a cell's result rests on. */
const evidence = (folder: string) =>
  ['metrics.jsonl', 'predictions.jsonl', 'weights.safetensors'].map((name) =>
    readFileSync(join(folder, name)).toString('base64'),
  );

it('killed at any moment and started again, ends with the same bits', { timeout: 180_000 }, async () => {
  const args = ['run', 'tiny.yaml', '--results', 'killed'];
  const killed = join(cwd, 'killed/tiny');
  const isAt = (arm: string, lines: number) => () => linesOf(join(killed, 'cells', keyOf(arm))) >= lines;
  const keyOf = (arm: string) => cellFolders(suite)[arm]!.split('/').at(-1)!;
  // Before the first checkpoint; between two; in the last steps, or while results are written.
  for (const [arm, lines, delay] of [
    ['baseline', 2, 0],
    ['bilinear', 8, 5],
    ['learned', 17, 0],
  ] as const) {
    const run = start(args, { cwd });
    await until(isAt(arm, lines), run);
    await sleep(delay);
    run.killAll();
    expect((await run.ended).code).toBeNull();
  }
  const { code, stdout, stderr } = await resizer(args, { cwd });
  expect(code).toBe(0);
  expect(stderr.match(/done earlier/g)?.length).toBeGreaterThanOrEqual(2);
  expect(stdout).toBe(first.stdout.replace('results/tiny', 'killed/tiny'));
  for (const arm of arms) {
    expect(evidence(join(killed, 'cells', keyOf(arm)))).toEqual(evidence(cellFolders(suite)[arm]!));
  }
});

it('told to stop saves where it is, and the same command goes on', { timeout: 120_000 }, async () => {
  const args = ['run', 'tiny.yaml', '--results', 'stopped'];
  const cell = cellFolders(suite)['baseline']!.replace('/results/', '/stopped/');
  const run = start(args, { cwd });
  await until(() => linesOf(cell) >= 1, run);
  run.child.kill('SIGINT');
  const ended = await run.ended;
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/\nStopped by SIGINT, 3 cells left\. The same command goes on\.\n$/);
  expect(ended.stdout).toBe('No cell is done: no tables.\n');
  expect(readdirSync(join(cell, 'checkpoints')).length).toBeGreaterThan(0);
  expect(readdirSync(cell)).not.toContain('failed.json');
});

it('whose time is up says by its exit code that work is left', { timeout: 120_000 }, async () => {
  const args = ['run', 'tiny.yaml', '--results', 'timed', '--jobs', '2', '--max-time', '0.5s'];
  const ended = await resizer(args, { cwd });
  expect(ended).toEqual({
    code: 75,
    stdout: 'No cell is done: no tables.\n',
    stderr: 'The time is up, 3 cells left. The same command goes on.\n',
  });
});

it.each([
  [
    '--max-time 2',
    /^error: option '--max-time <time>' argument '2' is invalid\. It must be a number with its/,
  ],
  ['--max-time 600h', /at most 576h\.\n/],
  [
    '--jobs 0',
    /^error: option '--jobs <n>' argument '0' is invalid\. It must be a whole number from 1 on\.\n/,
  ],
])('%s is bad usage', async (line, message) => {
  const ended = await resizer(['run', 'tiny.yaml', ...line.split(' ')], { cwd });
  expect([ended.code, ended.stdout]).toEqual([2, '']);
  expect(ended.stderr).toMatch(message);
});
