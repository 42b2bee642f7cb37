import { appendFile, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@resizer-lab/base';
import { startChild } from '../child.ts';
import { fileError } from '../files.ts';
import { type CellState, cellFolder, readCell, stateOf } from '../ledger.ts';
import { holderText } from '../lock.ts';
import { listenForStop, type Stop } from '../stop.ts';
import type { Cell } from '../study.ts';
import { ask, taskState } from './client.ts';
import { readArray } from './submission.ts';

const POLL_MS = 1_000;
/** Longer than the lock of a machine that died is trusted (lock.ts). */
const DEAD_AFTER_MS = 180_000;

export interface TaskOptions {
  /** The command that runs the cell of a folder (with `runCell`, exiting with CELL_EXIT). */
  readonly command: (cellDirectory: string) => readonly string[];
  /** Told, in a line, whom the task waits for. */
  readonly onWait: (line: string) => void;
}

/**
 * Runs the cell of this process' task of an array job, in a process of its own, once those that it
 * needs are no longer at work. Told to stop by Slurm near its time limit, it queues itself again, and
 * then goes on from the checkpoint.
 * @param arrayFile the list of the array's cells (submission.ts)
 * @returns what it came to, in a line.
 * @throws UserError where the cell is neither done nor in others' hands in the end.
 */
export async function runTask(arrayFile: string, options: TaskOptions): Promise<string> {
  const task = currentTask();
  const { cells, requeueLimit } = await readArray(arrayFile);
  const key = cells[task.index]?.key;
  if (key === undefined) {
    throw new UserError(`${arrayFile} lists ${cells.length} cells, and none of index ${task.index}`);
  }
  const suiteDir = dirname(dirname(dirname(arrayFile)));
  const cell = await cellOf(suiteDir, key);
  const stop = listenForStop({ maxSeconds: undefined });
  try {
    const work = { ...options, suiteDir, stop };
    await awaitNeeds(cell, work);
    return `cell "${cell.id}" ${await attempt(cell, work)}`;
  } catch (error) {
    if (!stop.signal.aborted || !isAbort(error)) throw error;
    const stopsFile = arrayFile.replace(/\.json$/, `.${task.index}.stops`);
    return `cell "${cell.id}" ${await goOnLater(task.name, { stopsFile, requeueLimit })}`;
  } finally {
    stop.dispose();
  }
}

/** `12_3`: with the bare job id, an array's last task would name the whole array. */
function currentTask(): { name: string; index: number } {
  const { SLURM_ARRAY_JOB_ID: job = '', SLURM_ARRAY_TASK_ID: index = '' } = process.env;
  if (/^\d+$/.test(job) && /^\d+$/.test(index)) return { name: `${job}_${index}`, index: Number(index) };
  throw new UserError('this is no task of a Slurm array; `resizer submit` makes them', { exitCode: 2 });
}

async function cellOf(suiteDir: string, key: string): Promise<Cell> {
  const cell = await readCell(cellFolder(suiteDir, key));
  if (cell !== undefined) return cell;
  throw new UserError(`${cellFolder(suiteDir, key)} holds no cell (cell.json is missing); submit again`);
}

interface Work extends TaskOptions {
  readonly suiteDir: string;
  readonly stop: Stop;
}

/** Waits while others work on what the cell needs. @throws UserError where that is not done in the end. */
async function awaitNeeds({ id, needs }: Cell, { suiteDir, stop, onWait }: Work): Promise<void> {
  for (const [role, key] of Object.entries(needs)) {
    const needed = await cellOf(suiteDir, key);
    let found = await stateOf(suiteDir, needed);
    if (found.state === 'running') {
      onWait(`cell "${id}" waits for "${needed.id}", at which ${holderText(found.holder)} works`);
    }
    for (; found.state === 'running'; found = await stateOf(suiteDir, needed)) await pause(stop);
    if (found.state === 'done') continue;
    throw new UserError(
      `cell "${id}" cannot be run: it needs "${needed.id}" (its ${role}), which ${stateText(found)}. ` +
        'When that is done, submit again.',
    );
  }
}

function stateText(found: CellState): string {
  if (found.state === 'failed') return `failed: ${found.reason}`;
  return found.state === 'interrupted' ? 'was interrupted' : 'was not run';
}

/** Runs the cell unless others do. @returns what became of it. @throws when the task is stopped. */
async function attempt(cell: Cell, { suiteDir, command, stop, onWait }: Work): Promise<string> {
  const directory = cellFolder(suiteDir, cell.key);
  let waitingSince: number | undefined;
  for (;;) {
    stop.signal.throwIfAborted();
    const found = await stateOf(suiteDir, cell);
    if (found.state === 'done') return 'was done by another process';
    if (found.state === 'running') {
      // After a node's death its lock still stands for a while; a lock that outlives that has an owner.
      const holder = holderText(found.holder);
      if (waitingSince === undefined) onWait(`cell "${cell.id}" is at work: ${holder}`);
      waitingSince ??= performance.now();
      if (performance.now() - waitingSince > DEAD_AFTER_MS) return `is left to ${holder}`;
      await pause(stop);
      continue;
    }
    const child = await startChild(directory, command(directory), { onProgress: () => undefined });
    stop.watch(child);
    const ended = await child.ended;
    if (ended.end === 'done') return 'is done';
    if (ended.end === 'busy') continue;
    if (ended.end === 'stopped') stop.signal.throwIfAborted();
    const outcome = ended.end === 'stopped' ? 'was stopped, and goes on when submitted again' : 'failed';
    throw new UserError(`cell "${cell.id}" ${outcome}: ${ended.reason}; see ${join(directory, 'log.txt')}`);
  }
}

/** Of the stop signal itself, or of a pause that it ended. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Rejects when the task is stopped. */
async function pause({ signal }: Stop): Promise<void> {
  await sleep(POLL_MS, undefined, { signal });
}

/** After a stop: queues the task again, unless Slurm itself has already ended or requeued it. */
async function goOnLater(
  task: string,
  { stopsFile, requeueLimit }: { stopsFile: string; requeueLimit: number },
): Promise<string> {
  const state = await taskState(task);
  if (state === undefined) {
    throw new UserError(
      `task ${task} was stopped, and Slurm does not say why; submit again to go on from the checkpoint`,
    );
  }
  if (state !== 'RUNNING') return `was stopped by Slurm, to which task ${task} is ${state}`;
  const stops = await countedStops(stopsFile);
  if (stops >= requeueLimit) {
    throw new UserError(
      `task ${task} was stopped by its time limit again, after ${stops} times that it was queued again for that; ` +
        'submit again, with a longer --time, to go on from the checkpoint',
    );
  }
  await appendFile(stopsFile, `${new Date().toISOString()} ${task}\n`).catch((error: unknown) => {
    throw fileError(`${stopsFile} could not be written`, error);
  });
  const answer = await ask('scontrol', ['requeue', task]);
  if (answer?.ok === true)
    return `was stopped by its time limit and queued again, ${stops + 1} of ${requeueLimit} times`;
  throw new UserError(
    `task ${task} could not be queued again: ${answer?.complaint ?? 'scontrol is missing'}; submit again`,
  );
}

async function countedStops(file: string): Promise<number> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}
