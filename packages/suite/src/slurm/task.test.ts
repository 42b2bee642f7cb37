import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadConfigs } from '../index.ts';
import { cellFolder, stateOf, writeFailure, writePlan, writeResult } from '../ledger.ts';
import { takeLock } from '../lock.ts';
import { planSuite } from '../plan.ts';
import type { Cell } from '../study.ts';
import {
  config,
  dataRoot,
  folder,
  misbehave,
  ownFolder,
  results,
  started,
  witnessed,
} from '../testing/harness.ts';
import { noop } from '../testing/noop-study.ts';
import { taskCommand } from './testing/main.ts';
import { calls, stubSlurm } from './testing/stubs.ts';

ownFolder();
afterEach(() => void vi.unstubAllEnvs());

/** The suite's cells, submitted as one array of job 7 (which no Slurm knows). */
async function submitted(
  requeueLimit = 2,
): Promise<{ file: string; suiteDir: string; cells: readonly Cell[] }> {
  const [plan] = await planSuite(await loadConfigs([join(folder, 'c.yaml')], [noop]), { dataRoot });
  const suiteDir = join(results, 's');
  await writePlan(suiteDir, plan!);
  const place = join(suiteDir, 'slurm', 'x');
  await mkdir(place, { recursive: true });
  const file = join(place, 'level-1.json');
  const cells = plan!.cells.map(({ key, id }) => ({ key, id }));
  await writeFile(file, JSON.stringify({ requeueLimit, cells }));
  return { file, suiteDir, cells: plan!.cells };
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
}

function startTask(file: string, index: number | string) {
  const env = { ...process.env, SLURM_ARRAY_JOB_ID: '7', SLURM_ARRAY_TASK_ID: String(index) };
  const child = spawn(process.execPath, [...taskCommand, file, dataRoot], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (out += String(text)));
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, out }));
  return { child, ended, said: (line: string) => until(() => Promise.resolve(out.includes(line))) };
}
const task = (file: string, index: number | string) => startTask(file, index).ended;

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}
const hasStarted = () => until(async () => (await witnessed()).length > 0);

describe('a task', () => {
  it('runs the cell of its index, and no other twice', async () => {
    await config({ graph: '{ a: [], d: [] }' });
    const { file, suiteDir, cells } = await submitted();
    expect(await task(file, 1)).toEqual({ code: 0, out: 'cell "d/seed1" is done\n' });
    expect(await task(file, 1)).toEqual({ code: 0, out: 'cell "d/seed1" was done by another process\n' });
    expect(await witnessed()).toEqual(['start d', 'end d']);
    expect(await stateOf(suiteDir, cells[0]!)).toEqual({ state: 'ready' });
  });

  it('of a cell that fails says why, as does the ledger', async () => {
    await config({ graph: '{ a: [] }' });
    const { file, suiteDir, cells } = await submitted();
    for (const [how, reason] of [
      ['user error', 'photo 7 cannot be read; check the data'],
      ['abort', 'its process crashed (SIGABRT)'],
    ] as const) {
      await misbehave({ a: how });
      const log = join(cellFolder(suiteDir, cells[0]!.key), 'log.txt');
      expect(await task(file, 0)).toEqual({ code: 1, out: `cell "a/seed1" failed: ${reason}; see ${log}\n` });
      expect(await stateOf(suiteDir, cells[0]!)).toMatchObject({ state: 'failed', reason });
    }
  });

  it('whose cell is killed says that it can go on', async () => {
    await config({ graph: '{ a: [] }' });
    const { file, suiteDir, cells } = await submitted();
    await misbehave({ a: 'kill' });
    const { code, out } = await task(file, 0);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^cell "a\/seed1" was stopped, and goes on when submitted again: its process was killed \(SIGKILL[:,] .*\); see \S+\n$/,
    );
    expect(await stateOf(suiteDir, cells[0]!)).toEqual({ state: 'interrupted' });
  });

  it.each(['2', '-1', 'x'])('of index %s, which there is not, says so', async (index) => {
    await config({ graph: '{ a: [], d: [] }' });
    const { file } = await submitted();
    const { code, out } = await task(file, index);
    expect([code === 0, out.split('\n').length]).toEqual([false, 2]);
    expect(out).toMatch(/lists 2 cells, and none of index 2$|^this is no task of a Slurm array;/m);
  });
});

describe('a task whose needs are not done', () => {
  const graph = '{ a: [], b: [a] }';

  it('fails in one line that says which and why', async () => {
    await config({ graph });
    const { file, suiteDir, cells } = await submitted();
    const lacking = 'cell "b/seed1" cannot be run: it needs "a/seed1" (its a), which';
    const advice = 'When that is done, submit again.\n';
    expect(await task(file, 1)).toEqual({ code: 1, out: `${lacking} was not run. ${advice}` });
    const a = cellFolder(suiteDir, cells[0]!.key);
    await writeFile(join(a, 'log.txt'), '');
    expect(await task(file, 1)).toEqual({ code: 1, out: `${lacking} was interrupted. ${advice}` });
    await writeFailure(a, { reason: 'no photos', log: [], when: '' });
    expect(await task(file, 1)).toEqual({ code: 1, out: `${lacking} failed: no photos. ${advice}` });
    expect(await stateOf(suiteDir, cells[1]!)).toEqual({ state: 'waiting' });
  });

  it('waits while they are at work', async () => {
    await config({ graph });
    const { file, suiteDir, cells } = await submitted();
    const a = cellFolder(suiteDir, cells[0]!.key);
    const held = await takeLock(join(a, 'cell'));
    const { said, ended } = startTask(file, 1);
    await said(`cell "b/seed1" waits for "a/seed1", at which process ${process.pid} on `);
    const times = { started: '', finished: '', seconds: 0, software: {} };
    await writeResult(a, { state: 'done', measurements: { value: 1, from: [] }, ...times });
    if ('lock' in held) await held.lock.release();
    expect(await ended).toMatchObject({
      code: 0,
      out: expect.stringMatching(/\ncell "b\/seed1" is done\n$/) as string,
    });
  });
});

it('a cell that another process works on is waited for, and taken over when that dies', async () => {
  await config({ graph: '{ a: [] }', milliseconds: 3000 });
  const { file } = await submitted();
  const first = startTask(file, 0);
  await hasStarted();
  const second = startTask(file, 0);
  await second.said('cell "a/seed1" is at work: process ');
  // Its cell ends with it.
  first.child.kill('SIGKILL');
  const { code, out } = await second.ended;
  expect([code, out.split('\n').at(-2)]).toEqual([0, 'cell "a/seed1" is done']);
  expect((await witnessed()).filter((line) => line === 'end a')).toHaveLength(1);
});

describe('a task that is told to stop', () => {
  const stopped = async (file: string) => {
    const { child, ended } = startTask(file, 0);
    const before = (await witnessed()).length;
    await until(async () => (await witnessed()).length > before);
    child.kill('SIGTERM');
    return ended;
  };
  const running = { squeue: 'echo RUNNING', scontrol: '' };

  it('by its time limit is queued again, until it was often enough', async () => {
    await config({ graph: '{ a: [] }', milliseconds: 60_000 });
    await stubSlurm(folder, running);
    const { file, suiteDir, cells } = await submitted(2);
    for (const time of [1, 2]) {
      expect(await stopped(file)).toEqual({
        code: 0,
        out: `cell "a/seed1" was stopped by its time limit and queued again, ${time} of 2 times\n`,
      });
      expect(await stateOf(suiteDir, cells[0]!)).toEqual({ state: 'interrupted' });
    }
    const { code, out } = await stopped(file);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^task 7_0 was stopped by its time limit again, after 2 times .* submit again, with a longer --time, /,
    );
    const requeues = (await calls(folder)).filter((line) => line.startsWith('scontrol'));
    expect(requeues).toEqual(['scontrol requeue 7_0', 'scontrol requeue 7_0']);
    expect((await readFile(file.replace('.json', '.0.stops'), 'utf8')).match(/Z 7_0\n/g)).toHaveLength(2);
  });

  it.each(['COMPLETING', 'CANCELLED'])('by Slurm, to which it is %s, is left to Slurm', async (state) => {
    await config({ graph: '{ a: [] }', milliseconds: 60_000 });
    await stubSlurm(folder, { ...running, squeue: `echo ${state}` });
    const { file } = await submitted();
    const out = `cell "a/seed1" was stopped by Slurm, to which task 7_0 is ${state}\n`;
    expect(await stopped(file)).toEqual({ code: 0, out });
    expect((await calls(folder)).filter((line) => line.startsWith('scontrol'))).toEqual([]);
  });

  it('and finds no Slurm that says why is not queued again, for it may have been cancelled', async () => {
    await config({ graph: '{ a: [] }', milliseconds: 60_000 });
    await stubSlurm(folder, { ...running, squeue: 'echo "Unable to contact slurm controller" >&2; exit 1' });
    const { file } = await submitted();
    const out =
      'task 7_0 was stopped, and Slurm does not say why; submit again to go on from the checkpoint\n';
    expect(await stopped(file)).toEqual({ code: 1, out });
    expect((await calls(folder)).filter((line) => line.startsWith('scontrol'))).toEqual([]);
  });

  it('and cannot be queued again says so', async () => {
    await config({ graph: '{ a: [] }', milliseconds: 60_000 });
    await stubSlurm(folder, { ...running, scontrol: 'echo "Requeue is disabled" >&2; exit 1' });
    const { file } = await submitted();
    expect(await stopped(file)).toEqual({
      code: 1,
      out: 'task 7_0 could not be queued again: Requeue is disabled; submit again\n',
    });
  });

  it('while it waits for a need is queued again, too', async () => {
    await config({ graph: '{ a: [], b: [a] }' });
    await stubSlurm(folder, running);
    const { file, suiteDir, cells } = await submitted();
    const held = await takeLock(join(cellFolder(suiteDir, cells[0]!.key), 'cell'));
    const { child, ended, said } = startTask(file, 1);
    await said('waits for');
    child.kill('SIGTERM');
    const { code, out } = await ended;
    expect([code, out.split('\n').at(-2)]).toEqual([
      0,
      'cell "b/seed1" was stopped by its time limit and queued again, 1 of 2 times',
    ]);
    if ('lock' in held) await held.lock.release();
  });
});
