import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { statusOf, statusText, type SuiteStatus } from './status.ts';
import { ownFolder, resizer } from './testing/resizer.fixture.ts';

const cwd = ownFolder();

const keyOf = (i: number) => i.toString(16).padStart(16, '0');

/** A suite's folder as runs leave it. `files`: those of each cell. */
function writeSuite(name: string, files: readonly Record<string, unknown>[]): string {
  const folder = join(cwd, 'results', name);
  mkdirSync(join(folder, 'plans'), { recursive: true });
  const cells = files.map((_, i) => ({ id: `net/arm${i}/seed1`, key: keyOf(i), needs: {} }));
  const plan = { config: 'c', study: 'classification', title: 'T', seeds: [1], cells };
  writeFileSync(join(folder, 'plans/c.json'), JSON.stringify(plan));
  for (const [i, own] of files.entries()) {
    const cell = join(folder, 'cells', keyOf(i));
    mkdirSync(cell, { recursive: true });
    for (const [file, content] of Object.entries(own)) {
      if (file === 'cell.lock') mkdirSync(join(cell, file));
      else writeFileSync(join(cell, file), JSON.stringify(content));
    }
  }
  return folder;
}

const done = { state: 'done', measurements: {}, started: '', finished: '', seconds: 5, software: {} };
const failed = { reason: 'photo 7 cannot be read', log: [], when: '' };
// On another machine, where only the heartbeat (the lock's time, which is now) says that it lives.
const holder = { pid: 12, host: 'node7', since: '2026-01-01T00:00:00.000Z', machine: 'else', born: '1' };
const at = Date.now();
const update = { step: 30, steps: 90, epoch: 2, epochs: 3, loss: 1, images: 960 };
// 20 steps in 20 seconds, 60 to go.
const progress = { update, first: { step: 10, at: at - 20_000 }, at };

beforeAll(() => {
  writeSuite('s', [
    { 'result.json': done },
    { 'cell.lock': 0, 'cell.holder.lock': holder, 'log.txt': '', 'progress.json': progress },
    { 'failed.json': failed, 'log.txt': '' },
    { 'log.txt': '' },
    {},
    { 'cell.lock': 0, 'cell.holder.lock': holder, 'progress.json': { update: 'junk' } },
  ]);
  mkdirSync(join(cwd, 'results/no-suite'));
});

it('tells cells by state, how far those at work are and where, and why others failed', async () => {
  const { code, stdout, stderr } = await resizer(['status'], { cwd });
  expect([code, stderr]).toEqual([0, '']);
  const [folder, title, counts, ...cells] = stdout.trimEnd().split('\n');
  expect([folder, title]).toEqual(['results/s', '  c: T']);
  expect(counts).toBe('    6 cells: 1 done, 2 running, 1 ready, 1 interrupted, 1 failed');
  const where = 'process 12 on node7 since 2026-01-01T00:00:00.000Z';
  expect(cells).toEqual([
    expect.stringMatching(
      `^ {4}running {2}net/arm1/seed1 {2}epoch 2/3 {2}step 30/90 {2}(1:00|0:[45]\\d) left {2}${where}$`,
    ),
    '    failed   net/arm2/seed1  photo 7 cannot be read',
    `    running  net/arm5/seed1  ${where}`,
  ]);
});

it('gives every cell as JSON', async () => {
  const { code, stdout } = await resizer(['status', 'results/s', '--json'], { cwd });
  expect(code).toBe(0);
  const [suite] = JSON.parse(stdout) as SuiteStatus[];
  expect(suite).toMatchObject({
    folder: 'results/s',
    configs: [{ config: 'c', counts: { done: 1, running: 2, ready: 1, interrupted: 1, failed: 1 } }],
  });
  expect(suite!.configs[0]!.cells).toMatchObject([
    { id: 'net/arm0/seed1', key: keyOf(0), state: 'done', seconds: 5 },
    { state: 'running', holder: { pid: 12, host: 'node7' }, progress: { update } },
    { state: 'failed', reason: 'photo 7 cannot be read' },
    { state: 'interrupted' },
    { state: 'ready' },
    { state: 'running' },
  ]);
});

it.each([
  [[], 'results: no suite has results here; run one, or name the folder of a suite\n'],
  [
    ['results/nothing'],
    'results/nothing: no results here; name the folder of a suite that was run, such as results/smoke\n',
  ],
])('where there are none, says so: status %s', async (folders, message) => {
  mkdirSync(join(cwd, 'empty'), { recursive: true });
  const place = { cwd: join(cwd, 'empty') };
  expect(await resizer(['status', ...folders], place)).toEqual({ code: 2, stdout: '', stderr: message });
});

it('of 2,000 cells takes less than a second', async () => {
  const [one, two] = [{ 'result.json': done }, { 'failed.json': failed, 'log.txt': '' }];
  const folder = writeSuite(
    'large',
    Array.from({ length: 2000 }, (_, i) => [one, two, {}][i % 3]!),
  );
  const start = performance.now();
  expect(statusText(await statusOf(folder))).toContain('2000 cells: 667 done, 666 ready, 667 failed');
  expect(performance.now() - start).toBeLessThan(1000);
});

it('says why Slurm lets cells wait, and which tasks ended without their cell being done', () => {
  const task = (index: number, state: string, isActive: boolean, reason?: string) => ({
    slurm: { state, isActive, task: `7_${index}`, job: '7', reason, log: `/s/slurm/7_${index}.log` },
  });
  const cells = [
    { id: 'a', key: keyOf(1), state: 'done', ...task(1, 'completed', false) },
    { id: 'b', key: keyOf(2), state: 'queued', ...task(2, 'pending', true, 'Dependency') },
    { id: 'c', key: keyOf(3), state: 'queued', ...task(3, 'pending', true, 'Dependency') },
    { id: 'd', key: keyOf(4), state: 'queued', ...task(4, 'running', true) },
    { id: 'e', key: keyOf(5), state: 'interrupted', ...task(5, 'timeout', false, 'TimeLimit') },
  ] as const;
  const config = {
    config: 'c',
    study: 's',
    title: 'T',
    counts: { done: 1, queued: 3, interrupted: 1 },
    cells,
  };
  expect(
    statusText({ folder: 's', configs: [config] })
      .split('\n')
      .slice(2),
  ).toEqual([
    '    5 cells: 1 done, 3 queued, 1 interrupted; Slurm: 2 Dependency, 1 running',
    '    interrupted e  Slurm task 7_5 timeout (TimeLimit): /s/slurm/7_5.log',
  ]);
});
