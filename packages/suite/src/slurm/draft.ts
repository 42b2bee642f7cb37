import { join, resolve } from 'node:path';
import { UserError } from '@resizer-lab/base';
import type { SuiteConfig } from '../config.ts';
import { jobsOf } from '../jobs.ts';
import { stateOf } from '../ledger.ts';
import { type Plan, planSuite } from '../plan.ts';
import type { Cell } from '../study.ts';
import { maxArraySize } from './client.ts';
import { type Levels, levelsOf, type Standing } from './levels.ts';
import { batchScript, outputPath } from './script.ts';
import { slurmStates } from './states.ts';
import { submissionName } from './submission.ts';

export interface DraftOptions {
  /** The folder of all results, which every node sees at the same path. */
  readonly results: string;
  readonly dataRoot: string;
  /** Globs: only cells whose id matches one are submitted, and those that they need. None: all cells. */
  readonly only: readonly string[];
  /** Whether cells that failed earlier are submitted again. */
  readonly retryFailed: boolean;
  /** Further options of sbatch, `--name=value`. */
  readonly sbatch: readonly string[];
  /** How many tasks of an array may run at once. */
  readonly arrayLimit?: number | undefined;
  /** How often a task that its time limit stops may queue itself again. */
  readonly requeueLimit: number;
  /** Environment variables for the tasks. */
  readonly environment: Readonly<Record<string, string>>;
  /** The command that runs a task of an array (with `runTask`). */
  readonly command: (arrayFile: string) => readonly string[];
}

/** A job array: a level of the graph of cells, or the part of one that the cluster takes at once. */
export interface ArrayJob {
  /** Of its files: `level-1`, or `level-1-2` for a level's second part. */
  readonly name: string;
  readonly jobName: string;
  /** From 1. */
  readonly level: number;
  readonly cells: readonly Cell[];
  /** Array jobs of earlier submissions that it waits for. */
  readonly awaits: readonly string[];
  readonly script: string;
}

/** What is to be submitted of a suite. */
export interface Draft {
  readonly suite: string;
  readonly suiteDir: string;
  /** Where the scripts are to lie. */
  readonly folder: string;
  readonly plans: readonly Plan[];
  readonly requeueLimit: number;
  readonly arrays: readonly ArrayJob[];
  readonly left: Levels['left'];
}

/** Options that the submission decides on. */
const RESERVED = new Set(
  'array clusters dependency error help job-name no-requeue open-mode output parsable requeue test-only version wait wrap'
    .split(' ')
    .map((name) => `--${name}`),
);

/** How long before its time limit a task is told to stop, in seconds. A cell stops at its next step. */
const WARNING_SECONDS = 120;

/**
 * Expands configs and renders the job arrays for all cells that are not done, at work, queued or, but
 * for `retryFailed`, failed. Writes and submits nothing.
 * @throws UserError as `planSuite`; (2) for a glob that matches nothing, and for options and paths that a
 * script cannot hold.
 */
export async function draftSubmissions(
  configs: readonly SuiteConfig[],
  options: DraftOptions,
): Promise<Draft[]> {
  for (const option of options.sbatch) {
    refuseReserved(option);
    refuseShort(option);
  }
  const plans = await planSuite(configs, options);
  const jobs = jobsOf(plans, options);
  const cluster = { size: await maxArraySize(), name: submissionName() };
  const drafts: Draft[] = [];
  for (const suite of new Set(configs.map((config) => config.suite))) {
    const own = plans.filter(({ config }) => config.suite === suite);
    const suiteDir = resolve(options.results, suite);
    const cells = jobs.filter((job) => resolve(job.suiteDir) === suiteDir).map(({ cell }) => cell);
    if (cells.length === 0) continue;
    drafts.push(await draftOf({ suite, suiteDir, plans: own, cells }, { ...options, ...cluster }));
  }
  return drafts;
}

function refuseReserved(option: string): void {
  const [name = ''] = option.split('=');
  if (!RESERVED.has(name)) return;
  throw new UserError(`sbatch's option ${name} is decided by the submission itself; leave it out`, {
    exitCode: 2,
  });
}

/** Slurm sends its warning up to a minute early. */
function refuseShort(option: string): void {
  const limit = /^--time=(.*)$/.exec(option)?.[1] ?? '';
  if (timeLimitSeconds(limit) > WARNING_SECONDS + 60) return;
  throw new UserError(
    `--time ${limit} is too short: a task is told to stop up to ${WARNING_SECONDS / 60 + 1} minutes before its limit`,
    { exitCode: 2 },
  );
}

/**
 * A limit as Slurm writes it: minutes, m:s, h:m:s, d-h, d-h:m, d-h:m:s (sbatch(1)). Infinity for none (0)
 * and for any other text, on which sbatch itself has the word.
 */
function timeLimitSeconds(text: string): number {
  const [, days, first, second, third] = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text) ?? [];
  const [a, b, c] = [Number(first ?? 0), Number(second ?? 0), Number(third ?? 0)];
  const hasHours = days !== undefined || third !== undefined;
  const seconds = hasHours ? ((Number(days ?? 0) * 24 + a) * 60 + b) * 60 + c : a * 60 + b;
  return seconds || Number.POSITIVE_INFINITY;
}

interface ClusterOptions extends DraftOptions {
  /** The most tasks of an array. */
  readonly size: number;
  /** The submission's. */
  readonly name: string;
}

async function draftOf(
  { suite, suiteDir, plans, cells }: Pick<Draft, 'suite' | 'suiteDir' | 'plans'> & { cells: readonly Cell[] },
  options: ClusterOptions,
): Promise<Draft> {
  const standings = await standingsOf(suiteDir, cells, options);
  const { levels, left } = levelsOf(cells, ({ key }) => standings.get(key)!);
  const folder = join(suiteDir, 'slurm', options.name);
  const arrays = levels.flatMap(({ cells: members, awaits }, i) =>
    chunks(members, options.size).map((part, p, { length }) => {
      const name = length === 1 ? `level-${i + 1}` : `level-${i + 1}-${p + 1}`;
      return { name, jobName: `${suite}-${name}`, level: i + 1, cells: part, awaits };
    }),
  );
  return {
    suite,
    suiteDir,
    folder,
    plans,
    requeueLimit: options.requeueLimit,
    arrays: arrays.map((array) => ({ ...array, script: scriptOf(array, folder, options) })),
    left,
  };
}

async function standingsOf(
  suiteDir: string,
  cells: readonly Cell[],
  { retryFailed }: DraftOptions,
): Promise<Map<string, Standing>> {
  const tasks = await slurmStates(suiteDir);
  const standingOf = async (cell: Cell): Promise<Standing> => {
    const { state } = await stateOf(suiteDir, cell);
    const task = tasks.get(cell.key);
    if (state === 'done') return { kind: 'done' };
    if (task?.isActive === true) return { kind: 'queued', job: task.job };
    if (state === 'running') return { kind: 'running' };
    return { kind: state === 'failed' && !retryFailed ? 'failed' : 'open' };
  };
  return new Map(await Promise.all(cells.map(async (cell) => [cell.key, await standingOf(cell)] as const)));
}

function scriptOf(
  { name, jobName, cells }: Omit<ArrayJob, 'script'>,
  folder: string,
  { sbatch, arrayLimit, environment, command }: ClusterOptions,
): string {
  const limit = arrayLimit === undefined ? '' : `%${arrayLimit}`;
  return batchScript({
    title: `A task for each cell of ${name}.json, by index. Written by resizer submit.`,
    sbatch: [
      `--job-name=${jobName}`,
      `--array=0-${cells.length - 1}${limit}`,
      `--output=${outputPath(folder)}/%A_%a.log`,
      '--open-mode=append',
      '--ntasks=1',
      '--requeue',
      `--signal=B:TERM@${WARNING_SECONDS}`,
      ...sbatch,
    ],
    environment,
    command: command(join(folder, `${name}.json`)),
  });
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const starts = Array.from({ length: Math.ceil(items.length / size) }, (_, i) => i * size);
  return starts.map((start) => items.slice(start, start + size));
}
