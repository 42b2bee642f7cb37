import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Draft, loadConfigs, readRecords, readSuite } from '../index.ts';
import {
  config,
  dataRoot,
  folder,
  misbehave,
  ownFolder,
  results,
  start,
  witnessed,
} from '../testing/harness.ts';
import { noop } from '../testing/noop-study.ts';
import { draftSubmissions, slurmStates, submitDraft } from './index.ts';
import { canStartSlurm, NEEDS_SLURM, startSlurm } from './testing/cluster.ts';
import { taskCommand } from './testing/main.ts';

ownFolder();

const slurm = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8' });

async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await sleep(100);
}
const idle = () => until(() => slurm('squeue', '--noheader') === '');

async function submit(place: string, { retryFailed = false } = {}): Promise<Draft> {
  const configs = await loadConfigs([join(folder, 'c.yaml')], [noop]);
  const [draft] = await draftSubmissions(configs, {
    results: place,
    dataRoot,
    only: [],
    retryFailed,
    sbatch: ['--time=10', '--comment=it\'s "quoted" $HOME \\ # here'],
    requeueLimit: 3,
    environment: { RESIZER_ODD: `it's "quoted" $HOME \\ # here` },
    command: (file) => [process.execPath, ...taskCommand, file, dataRoot],
  });
  await submitDraft(draft!);
  return draft!;
}

/** The task of a cell; queued again it would wait two minutes, and here does not. */
async function taskOf(letter: string, suiteDir: string) {
  const [plan] = await readSuite(suiteDir);
  const { key } = plan!.cells.find(({ id }) => id.startsWith(letter))!;
  const { task, state, reason, log } = (await slurmStates(suiteDir)).get(key)!;
  return {
    task,
    state,
    reason,
    directory: join(suiteDir, 'cells', key),
    /** Without what Slurm itself puts in. */
    log: async () => (await readFile(log, 'utf8')).replace(/^slurmstepd.*\n/gm, ''),
    async startNow() {
      await until(async () => (await slurmStates(suiteDir)).get(key)?.state === 'pending');
      slurm('scontrol', 'update', `JobId=${task}`, 'StartTime=now');
    },
  };
}

/** The process that runs a cell's process. */
function parentOf(cellDirectory: string): number {
  const holder = JSON.parse(readFileSync(join(cellDirectory, 'cell.holder.lock'), 'utf8')) as { pid: number };
  return Number(
    readFileSync(`/proc/${holder.pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[1],
  );
}

async function valuesIn(suiteDir: string): Promise<Record<string, number>> {
  const [plan] = await readSuite(suiteDir);
  const records = await readRecords(plan!, noop);
  return Object.fromEntries(records.map(({ id, measurements }) => [id[0]!, measurements.value]));
}

describe.skipIf(!canStartSlurm)(`on a real Slurm ${NEEDS_SLURM}`, () => {
  let stop: () => Promise<void>;
  beforeAll(async () => {
    stop = await startSlurm(['MaxArraySize=3']);
  }, 60_000);
  afterAll(() => stop(), 30_000);

  it('tasks that are requeued, stopped by their time limit, killed or fail cost nobody else anything', {
    timeout: 300_000,
  }, async () => {
    await config({ graph: '{ a: [], b: [], c: [], d: [], e: [a, b], f: [d] }', milliseconds: 2500 });
    await misbehave({ d: 'user error' });
    const { suiteDir, arrays } = await submit(join(folder, `it's "here" %a # $(touch x)`));
    expect(arrays.map(({ name }) => name)).toEqual(['level-1-1', 'level-1-2', 'level-2']);
    const starts = async (letter: string) =>
      (await witnessed()).filter((line) => line === `start ${letter}`).length;
    const started = (letter: string) => until(async () => (await starts(letter)) > 0);

    await started('a');
    const a = await taskOf('a', suiteDir);
    expect(await taskOf('e', suiteDir)).toMatchObject({ state: 'pending', reason: 'Dependency' });
    // What --signal does two minutes before the limit.
    slurm('scancel', '--batch', '--signal=TERM', a.task);
    await started('b');
    const b = await taskOf('b', suiteDir);
    slurm('scontrol', 'requeue', b.task);
    await started('c');
    process.kill(parentOf((await taskOf('c', suiteDir)).directory), 'SIGKILL');
    await a.startNow();
    await b.startNow();
    await idle();

    expect(await a.log()).toBe(
      'cell "a/seed1" was stopped by its time limit and queued again, 1 of 3 times\ncell "a/seed1" is done\n',
    );
    expect(await b.log()).toMatch(/\ncell "b\/seed1" is done\n$/);
    expect(await (await taskOf('f', suiteDir)).log()).toBe(
      'cell "f/seed1" cannot be run: it needs "d/seed1" (its d), which failed: photo 7 cannot be read; check the data. When that is done, submit again.\n',
    );
    expect(await taskOf('f', suiteDir)).toMatchObject({ state: 'failed' });
    expect(await valuesIn(suiteDir)).toEqual({ a: 1, b: 1, e: 3 });
    const [plan] = await readSuite(suiteDir);
    const states = plan!.cells.map(({ id }, i) => [id[0]!, plan!.states[i]?.state] as const);
    expect(Object.fromEntries(states)).toMatchObject({ c: 'interrupted', d: 'failed', f: 'waiting' });

    await misbehave({});
    const again = await submit(join(folder, `it's "here" %a # $(touch x)`), { retryFailed: true });
    expect(again.arrays.map(({ cells }) => cells.map(({ id }) => id[0]))).toEqual([['c', 'd'], ['f']]);
    await idle();
    expect(await valuesIn(suiteDir)).toEqual({ a: 1, b: 1, c: 1, d: 1, e: 3, f: 2 });
    const ends = (await witnessed()).filter((line) => line.startsWith('end'));
    expect(ends.sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `end ${letter}`));
  });

  it('a runner and tasks share a folder: each cell is run once', { timeout: 300_000 }, async () => {
    await config({ graph: '{ a: [], b: [], c: [a], d: [b], e: [c, d] }', milliseconds: 500 });
    await submit(results);
    const local = start();
    expect(await local.ended).toMatchObject({ code: 0, stderr: '' });
    await idle();
    expect((await witnessed()).sort()).toEqual(
      ['end', 'start'].flatMap((what) => ['a', 'b', 'c', 'd', 'e'].map((letter) => `${what} ${letter}`)),
    );
    expect(await valuesIn(join(results, 's'))).toEqual({ a: 1, b: 1, c: 2, d: 2, e: 5 });
  });

  it('an unknown partition is refused in one line, which is Slurm’s', async () => {
    const configs = await loadConfigs([join(folder, 'c.yaml')], [noop]);
    const options = { results, dataRoot, only: [], retryFailed: false, requeueLimit: 3, environment: {} };
    const [draft] = await draftSubmissions(configs, {
      ...options,
      sbatch: ['--partition=nowhere'],
      command: (file) => [process.execPath, file],
    });
    await expect(submitDraft(draft!)).rejects.toThrow(
      /^sbatch refused \S+\/level-1\.sh: invalid partition specified: nowhere; Batch job submission failed: [^\n]*\.$/,
    );
  });
});
