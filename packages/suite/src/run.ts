import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@resizer-lab/base';
import type { ProgressUpdate } from '@resizer-lab/training/records';
import { startChild } from './child.ts';
import type { SuiteConfig } from './config.ts';
import { cellFolder, logTail, makeFolder, readResult, stateOf, writePlan } from './ledger.ts';
import { type Holder, holderText, type Lock, takeLock } from './lock.ts';
import { type Plan, planSuite } from './plan.ts';
import { listenForStop, type Stop } from './stop.ts';
import type { Cell } from './study.ts';

/** How often a cell that another process works on is looked at. */
const POLL_MS = 500;

/** What happens to a cell in a run. `earlier`: not by this run. */
export type RunEvent = { readonly config: string; readonly cell: Cell } & (
  | { readonly kind: 'started' }
  | { readonly kind: 'progress'; readonly update: ProgressUpdate }
  | { readonly kind: 'done'; readonly seconds: number; readonly earlier: boolean }
  | { readonly kind: 'failed'; readonly reason: string; readonly log: string[]; readonly earlier: boolean }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'waiting'; readonly holder: Holder }
);

export interface RunOptions {
  /** The folder of all results; a suite's are in the folder of its name. */
  readonly results: string;
  readonly dataRoot: string;
  /** The command that runs the cell of a folder (with `runCell`, exiting with CELL_EXIT). */
  readonly command: (cellDirectory: string) => readonly string[];
  /** Whether cells that failed in an earlier run are tried again. */
  readonly retryFailed: boolean;
  readonly onEvent: (event: RunEvent) => void;
}

export interface RunOutcome {
  /** Cells by how they stand at the end; those that were not reached are `left`. */
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly left: number;
  /** The signal that ended the run, if one did. */
  readonly stoppedBy: NodeJS.Signals | undefined;
  /** 0: all cells are done. */
  readonly exitCode: 0 | 1;
}

/**
 * Runs the cells of configs that are not done, one process a cell, each after those that it needs. A
 * cell that fails is reported and costs only those that need it. SIGINT, SIGTERM and SIGHUP are
 * passed to the running cell, which ends at its next checkpoint; once more kills it.
 * @throws UserError (1) when another run is at work in one of the folders, data are missing or the
 * results folder cannot be written; (2) for a config that cannot be run.
 */
export async function runSuite(configs: readonly SuiteConfig[], options: RunOptions): Promise<RunOutcome> {
  const plans = await planSuite(configs, options);
  const folders = new Set(configs.map(({ suite }) => join(options.results, suite)));
  const locks = await lockSuites([...folders].sort());
  const stop = listenForStop(locks.map(({ lost }) => lost));
  try {
    for (const plan of plans) await writePlan(join(options.results, plan.config.suite), plan);
    const jobs = jobsOf(plans, options.results);
    await runJobs(jobs, options, stop);
    for (const { lost } of locks) lost.throwIfAborted();
    return outcomeOf(jobs, stop.by());
  } finally {
    stop.dispose();
    await Promise.all(locks.map((lock) => lock.release()));
  }
}

/** A cell within a run. */
interface Job {
  readonly cell: Cell;
  readonly config: string;
  readonly suiteDir: string;
  readonly needs: readonly Job[];
  status: 'pending' | 'done' | 'failed' | 'skipped';
  /** Another process works on it, and the user was told so. */
  isAwaited: boolean;
}

/** The cells of all plans; one that several plans ask for comes once. */
function jobsOf(plans: readonly Plan[], results: string): Job[] {
  const jobs = new Map<string, Job>();
  for (const { config, cells } of plans) {
    const suiteDir = join(results, config.suite);
    for (const cell of cells) {
      const directory = cellFolder(suiteDir, cell.key);
      if (jobs.has(directory)) continue;
      const needs = Object.values(cell.needs).map((key) => jobs.get(cellFolder(suiteDir, key))!);
      jobs.set(directory, {
        cell,
        config: config.name,
        suiteDir,
        needs,
        status: 'pending',
        isAwaited: false,
      });
    }
  }
  return [...jobs.values()];
}

async function runJobs(jobs: readonly Job[], options: RunOptions, stop: Stop): Promise<void> {
  while (!stop.signal.aborted) {
    const { next, isWaiting } = await nextJob(jobs, options);
    if (next !== undefined) await attempt(next, options, stop);
    else if (isWaiting) await pause(stop);
    else return;
  }
}

/** The first cell that can be run now. On the way settles those that need no run, or cannot have one. */
async function nextJob(
  jobs: readonly Job[],
  { retryFailed, onEvent }: RunOptions,
): Promise<{ next?: Job; isWaiting: boolean }> {
  let isWaiting = false;
  for (const job of jobs) {
    if (job.status !== 'pending') continue;
    const { config, cell } = job;
    const lacking = job.needs.find(({ status }) => status === 'failed' || status === 'skipped');
    if (lacking !== undefined) {
      job.status = 'skipped';
      onEvent({
        config,
        cell,
        kind: 'skipped',
        reason: `needs "${lacking.cell.id}", which ${lacking.status === 'failed' ? 'failed' : 'was skipped'}`,
      });
      continue;
    }
    if (job.needs.some(({ status }) => status === 'pending')) continue;
    const found = await stateOf(job.suiteDir, cell);
    if (found.state === 'done') {
      job.status = 'done';
      onEvent({ config, cell, kind: 'done', seconds: found.seconds, earlier: true });
    } else if (found.state === 'failed' && !retryFailed) {
      fail(job, { reason: found.reason, log: await logTail(directoryOf(job)), earlier: true }, onEvent);
    } else if (found.state === 'running') {
      if (!job.isAwaited) onEvent({ config, cell, kind: 'waiting', holder: found.holder });
      job.isAwaited = true;
      isWaiting = true;
    } else return { next: job, isWaiting };
  }
  return { isWaiting };
}

async function attempt(job: Job, { command, onEvent }: RunOptions, stop: Stop): Promise<void> {
  const { config, cell } = job;
  const directory = directoryOf(job);
  onEvent({ config, cell, kind: 'started' });
  const onProgress = (update: ProgressUpdate) => onEvent({ config, cell, kind: 'progress', update });
  try {
    const child = await startChild(directory, command(directory), { onProgress });
    stop.watch(child);
    const ended = await child.ended;
    if (ended.end === 'busy') return await pause(stop);
    if (ended.end === 'stopped' && stop.signal.aborted) return;
    if (ended.end !== 'done') return fail(job, { ...ended, earlier: false }, onEvent);
    const result = await readResult(directory);
    if (result === undefined) throw new UserError('its process ended without a result');
    job.status = 'done';
    onEvent({ config, cell, kind: 'done', seconds: result.seconds, earlier: false });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    fail(job, { reason: error.message, log: await logTail(directory), earlier: false }, onEvent);
  }
}

/** Waits before looking again at what another process works on; less when told to stop. */
async function pause({ signal }: Stop): Promise<void> {
  await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
}

function fail(
  job: Job,
  { reason, log, earlier }: { reason: string; log: string[]; earlier: boolean },
  onEvent: RunOptions['onEvent'],
): void {
  job.status = 'failed';
  onEvent({ config: job.config, cell: job.cell, kind: 'failed', reason, log, earlier });
}

function directoryOf({ suiteDir, cell }: Job): string {
  return cellFolder(suiteDir, cell.key);
}

function outcomeOf(jobs: readonly Job[], stoppedBy: NodeJS.Signals | undefined): RunOutcome {
  const count = (status: Job['status']) => jobs.filter((job) => job.status === status).length;
  const done = count('done');
  return {
    done,
    failed: count('failed'),
    skipped: count('skipped'),
    left: count('pending'),
    stoppedBy,
    exitCode: done === jobs.length ? 0 : 1,
  };
}

/** Takes the run lock of each suite's folder, or of none. */
async function lockSuites(folders: readonly string[]): Promise<Lock[]> {
  const locks: Lock[] = [];
  try {
    for (const folder of folders) {
      await makeFolder(folder);
      const taken = await takeLock(join(folder, 'run'));
      if ('heldBy' in taken) {
        throw new UserError(
          `${folder} is in use by another run: ${holderText(taken.heldBy)}. Wait for it, or choose another --results.`,
        );
      }
      locks.push(taken.lock);
    }
    return locks;
  } catch (error) {
    await Promise.all(locks.map((lock) => lock.release()));
    throw error;
  }
}
