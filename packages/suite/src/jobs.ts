import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, UserError } from '@resizer-lab/base';
import picomatch from 'picomatch';
import { cellFolder, logTail, stateOf } from './ledger.ts';
import type { Holder } from './lock.ts';
import type { Plan } from './plan.ts';
import { quote } from './problems.ts';
import type { Cell } from './study.ts';

/** A cell within a run. */
export interface Job {
  readonly cell: Cell;
  readonly config: string;
  readonly suiteDir: string;
  readonly directory: string;
  readonly needs: readonly Job[];
  status: 'pending' | 'running' | 'done' | 'failed' | 'skipped';
  /** Another process works on it, and the user was told so. */
  isAwaited: boolean;
  /** It failed, and the next run takes it up again without being asked to: nothing is wrong with the cell itself. */
  isResumable: boolean;
}

/** What became of a cell without this run's doing. */
export type Found =
  | { readonly kind: 'done'; readonly seconds: number; readonly earlier: true }
  | { readonly kind: 'failed'; readonly reason: string; readonly log: string[]; readonly earlier: true }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'waiting'; readonly holder: Holder };

/**
 * The cells of all plans that match one of the globs, and those that they need; all, where there is no
 * glob. A cell that several plans ask for comes once.
 * @throws UserError (2) for a glob that matches no cell.
 */
export function jobsOf(
  plans: readonly Plan[],
  { results, only }: { results: string; only: readonly string[] },
): Job[] {
  const jobs = new Map<string, Job>();
  for (const { config, cells } of plans) {
    const suiteDir = join(results, config.suite);
    for (const cell of cells) {
      const directory = cellFolder(suiteDir, cell.key);
      if (jobs.has(directory)) continue;
      const needs = Object.values(cell.needs).map((key) => jobs.get(cellFolder(suiteDir, key))!);
      const own = { cell, config: config.name, suiteDir, directory, needs };
      jobs.set(directory, { ...own, status: 'pending', isAwaited: false, isResumable: false });
    }
  }
  return only.length === 0 ? [...jobs.values()] : selected([...jobs.values()], only);
}

/** In the same order, in which every cell comes after those that it needs. */
function selected(jobs: readonly Job[], only: readonly string[]): Job[] {
  const wanted = new Set<Job>();
  for (const glob of only) {
    const isMatch = picomatch(glob);
    const matching = jobs.filter(({ cell }) => isMatch(cell.id));
    if (matching.length === 0) {
      const example = jobs[0] === undefined ? '' : `, such as ${quote(jobs[0].cell.id)}`;
      throw new UserError(
        `--only ${quote(glob)} matches none of the ${jobs.length} cells; it is compared with their ids${example} (* stays within a part, ** does not)`,
        { exitCode: 2 },
      );
    }
    for (const job of matching) wanted.add(job);
  }
  for (const job of [...jobs].reverse()) if (wanted.has(job)) for (const need of job.needs) wanted.add(need);
  return jobs.filter((job) => wanted.has(job));
}

/** Whether a failure of this time is tried again. */
export type IsRetried = (failed: string) => boolean;

/**
 * The first cell that can be run now, and whether another process works on one that is still wanted. On
 * the way settles those that need no run, or cannot have one.
 */
export async function nextJob(
  jobs: readonly Job[],
  { isRetried, onFound }: { isRetried: IsRetried; onFound: (job: Job, found: Found) => void },
): Promise<{ next: Job | undefined; isWaiting: boolean }> {
  let isWaiting = false;
  for (const job of jobs) {
    if (job.status !== 'pending') continue;
    const found = lacking(job) ?? (await look(job, isRetried));
    if (found === 'ready') return { next: job, isWaiting };
    if (found === 'not yet') continue;
    if (found.kind === 'waiting') {
      isWaiting = true;
      if (job.isAwaited) continue;
      job.isAwaited = true;
    } else job.status = found.kind;
    onFound(job, found);
  }
  return { next: undefined, isWaiting };
}

/** What a cell's needs say about it, if they settle it. */
function lacking({ needs }: Job): Found | 'not yet' | undefined {
  const lost = needs.find(({ status }) => status === 'failed' || status === 'skipped');
  if (lost !== undefined) {
    const how = lost.status === 'failed' ? 'failed' : 'was skipped';
    return { kind: 'skipped', reason: `needs "${lost.cell.id}", which ${how}` };
  }
  return needs.every(({ status }) => status === 'done') ? undefined : 'not yet';
}

/** What a cell's files say about it. */
async function look({ suiteDir, cell, directory }: Job, isRetried: IsRetried): Promise<Found | 'ready'> {
  const found = await stateOf(suiteDir, cell);
  if (found.state === 'done') return { kind: 'done', seconds: found.seconds, earlier: true };
  if (found.state === 'running') return { kind: 'waiting', holder: found.holder };
  if (found.state !== 'failed' || isRetried(found.when)) return 'ready';
  return { kind: 'failed', reason: found.reason, log: await logTail(directory), earlier: true };
}

/** @throws UserError where the folder of a suite vanished: none of its cells can be run any more. */
export async function refuseGone(jobs: readonly Job[]): Promise<void> {
  for (const suiteDir of new Set(jobs.map((job) => job.suiteDir))) {
    await stat(join(suiteDir, 'plans')).catch((cause: unknown) => {
      if (codeOf(cause) !== 'ENOENT') return;
      throw new UserError(`${suiteDir} is gone: it was moved or removed while the run was at work.`, {
        cause,
      });
    });
  }
}
