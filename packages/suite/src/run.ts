import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@resizer-lab/base';
import type { ProgressUpdate } from '@resizer-lab/training/records';
import { startChild } from './child.ts';
import type { SuiteConfig } from './config.ts';
import { type Found, type Job, jobsOf, nextJob, refuseGone } from './jobs.ts';
import { logTail, readResult, stateOf, writePlan } from './ledger.ts';
import { planSuite } from './plan.ts';
import { listenForStop, type Stop, type StopSignal } from './stop.ts';
import type { Cell } from './study.ts';

/** How often a cell that another process works on is looked at. */
const POLL_MS = 500;

/** What happens to a cell in a run. `earlier`: not by this run. */
export type RunEvent = { readonly config: string; readonly cell: Cell } & (
  | Found
  | { readonly kind: 'started' }
  | { readonly kind: 'progress'; readonly update: ProgressUpdate }
  | { readonly kind: 'done'; readonly seconds: number; readonly earlier: boolean }
  | { readonly kind: 'failed'; readonly reason: string; readonly log: string[]; readonly earlier: false }
);

export interface RunOptions {
  /** The folder of all results; a suite's are in the folder of its name. */
  readonly results: string;
  readonly dataRoot: string;
  /** The command that runs the cell of a folder (with `runCell`, exiting with CELL_EXIT). */
  readonly command: (cellDirectory: string) => readonly string[];
  /** How many cells are run at once. */
  readonly jobs: number;
  /** Globs: only cells whose id matches one are run, and those that they need. None: all cells. */
  readonly only: readonly string[];
  /** Whether cells that failed before this run are tried again. */
  readonly retryFailed: boolean;
  /** When the run stops as if it were told to, in seconds from its start. */
  readonly maxSeconds?: number | undefined;
  readonly onEvent: (event: RunEvent) => void;
}

export interface RunOutcome {
  /** Cells by how they stand at the end; those that were not reached are `left`. */
  readonly done: number;
  readonly failed: number;
  /** Those among the failed that the next run takes up without being asked to: they were killed, or the disk was full. */
  readonly resumable: number;
  readonly skipped: number;
  readonly left: number;
  /** What ended the run before its work was done: a signal, or `maxSeconds`. */
  readonly stoppedBy: StopSignal | 'time' | undefined;
  /** 0: all cells are done. */
  readonly exitCode: 0 | 1;
}

/**
 * Runs the cells of configs that are not done, one process a cell, each after those that it needs. A
 * cell that fails is reported and costs only those that need it. SIGINT, SIGTERM, SIGHUP and the end of
 * the time are passed to the running cells, which end at their next checkpoint; a second signal kills them.
 *
 * Any number of runs, on any number of machines, may share a results folder: a cell is locked by the
 * process that works on it, the others wait for it and take it over when that process is dead.
 * @throws UserError (1) when data are missing or the results folder cannot be written or vanishes; (2)
 * for a config that cannot be run and a glob that matches nothing.
 */
export async function runSuite(configs: readonly SuiteConfig[], options: RunOptions): Promise<RunOutcome> {
  const plans = await planSuite(configs, options);
  const jobs = jobsOf(plans, options);
  const stop = listenForStop(options);
  try {
    for (const plan of plans) await writePlan(join(options.results, plan.config.suite), plan);
    await runJobs(jobs, options, stop);
    return outcomeOf(jobs, stop.by());
  } finally {
    stop.dispose();
  }
}

/** Runs what can be run, so many at once, until nothing is left or the run is stopped. */
async function runJobs(jobs: readonly Job[], options: RunOptions, stop: Stop): Promise<void> {
  const started = new Date().toISOString();
  const choice = {
    isRetried: (failed: string) => options.retryFailed && failed < started,
    onFound: (job: Job, found: Found) => options.onEvent({ ...nameOf(job), ...found }),
  };
  const attempts = new Set<Promise<void>>();
  const change = bell();
  stop.signal.addEventListener('abort', change.ring, { once: true });
  const defects: unknown[] = [];
  const begin = (job: Job) => {
    job.status = 'running';
    const running = attempt(job, options, stop)
      .catch((error: unknown) => {
        defects.push(error);
      })
      .finally(() => {
        attempts.delete(running);
        change.ring();
      });
    attempts.add(running);
  };
  try {
    while (!stop.signal.aborted) {
      if (defects.length > 0) throw defects[0];
      await refuseGone(jobs);
      const running = attempts.size;
      const { next, isWaiting } =
        running < options.jobs ? await nextJob(jobs, choice) : { next: undefined, isWaiting: false };
      if (next !== undefined) begin(next);
      else if (isWaiting) await change.heard(POLL_MS);
      else if (running > 0) await change.heard();
      else return;
    }
  } catch (error) {
    stop.now();
    throw error;
  } finally {
    await Promise.all(attempts);
  }
}

/** Wakes the one who waits for it; rung before, it does not let them wait. */
function bell(): { ring: () => void; heard: (milliseconds?: number) => Promise<void> } {
  let isRung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      isRung = true;
      wake?.();
    },
    async heard(milliseconds) {
      if (!isRung) {
        await new Promise<void>((resolve) => {
          const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      isRung = false;
    },
  };
}

/** One attempt at a cell, which leaves it done, failed or pending. */
async function attempt(job: Job, { command, onEvent }: RunOptions, stop: Stop): Promise<void> {
  const { directory } = job;
  const name = nameOf(job);
  const fail = async (reason: string, log: string[]) => {
    job.isResumable = (await stateOf(job.suiteDir, job.cell)).state !== 'failed';
    job.status = 'failed';
    onEvent({ ...name, kind: 'failed', reason, log, earlier: false });
  };
  onEvent({ ...name, kind: 'started' });
  try {
    const onProgress = (update: ProgressUpdate) => onEvent({ ...name, kind: 'progress', update });
    const child = await startChild(directory, command(directory), { onProgress });
    stop.watch(child);
    const ended = await child.ended;
    if (ended.end === 'busy' || (ended.end === 'stopped' && stop.signal.aborted)) {
      job.status = 'pending';
      return await pause(stop);
    }
    if (ended.end !== 'done') return await fail(ended.reason, ended.log);
    const result = await readResult(directory);
    if (result === undefined) throw new UserError('its process ended without a result');
    job.status = 'done';
    onEvent({ ...name, kind: 'done', seconds: result.seconds, earlier: ended.earlier });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    await fail(error.message, await logTail(directory));
  }
}

/** Waits before looking again at what another process works on; less when told to stop. */
async function pause({ signal }: Stop): Promise<void> {
  await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
}

function nameOf({ config, cell }: Job): { config: string; cell: Cell } {
  return { config, cell };
}

function outcomeOf(jobs: readonly Job[], stoppedBy: RunOutcome['stoppedBy']): RunOutcome {
  const count = (status: Job['status']) => jobs.filter((job) => job.status === status).length;
  const done = count('done');
  return {
    done,
    failed: count('failed'),
    resumable: jobs.filter(({ isResumable }) => isResumable).length,
    skipped: count('skipped'),
    left: count('pending'),
    stoppedBy,
    exitCode: done === jobs.length ? 0 : 1,
  };
}
