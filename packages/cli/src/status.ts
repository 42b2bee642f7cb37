import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import {
  cellFolder,
  type CellState,
  type Holder,
  holderText,
  type PlanStatus,
  type Progress,
  readProgress,
  readSuite,
  type SlurmState,
  slurmStates,
} from '@resizer-lab/suite';
import { duration } from '@resizer-lab/training/records';

/** `queued`: it waits in a cluster's queue. The rest are the ledger's. */
export const STATES = [
  'done',
  'running',
  'queued',
  'ready',
  'waiting',
  'interrupted',
  'failed',
] as const satisfies (CellState['state'] | 'queued')[];
export type State = (typeof STATES)[number];

export interface CellStatus {
  readonly id: string;
  readonly key: string;
  readonly state: State;
  /** Of a finished cell. */
  readonly seconds?: number;
  /** Of a failed cell. */
  readonly reason?: string;
  /** Of a running cell: who works on it, and how far it is, if it said so. */
  readonly holder?: Holder;
  readonly progress?: Progress;
  /** The task of a cell that was submitted to Slurm. */
  readonly slurm?: SlurmState;
}

export interface ConfigStatus {
  readonly config: string;
  readonly study: string;
  readonly title: string;
  readonly counts: Readonly<Partial<Record<State, number>>>;
  readonly cells: readonly CellStatus[];
}

export interface SuiteStatus {
  readonly folder: string;
  readonly configs: readonly ConfigStatus[];
}

/** The suites' folders in a folder of results. @throws UserError (2) where it holds none. */
export async function suitesIn(results: string): Promise<string[]> {
  const names: string[] = await readdir(results).catch(() => []);
  const found: string[] = [];
  for (const name of names.sort()) {
    const inside: string[] = await readdir(join(results, name)).catch(() => []);
    if (inside.includes('plans')) found.push(join(results, name));
  }
  if (found.length > 0) return found;
  throw new UserError(`${results}: no suite has results here; run one, or name the folder of a suite`, {
    exitCode: 2,
  });
}

/** How far the configs of a suite's folder are. @throws UserError (2) where the folder is not a suite's. */
export async function statusOf(folder: string): Promise<SuiteStatus> {
  const plans = await readSuite(folder);
  const slurm = await slurmStates(folder);
  return { folder, configs: await Promise.all(plans.map((plan) => configStatus(plan, slurm))) };
}

async function configStatus(
  { suiteDir, config, study, title, cells, states }: PlanStatus,
  slurm: ReadonlyMap<string, SlurmState>,
): Promise<ConfigStatus> {
  const shown: CellStatus[] = [];
  const counts: Partial<Record<State, number>> = {};
  for (const [i, { id, key }] of cells.entries()) {
    const found = states[i]!;
    const task = slurm.get(key);
    const isQueued = task?.isActive === true && found.state !== 'done' && found.state !== 'running';
    const state = isQueued ? 'queued' : found.state;
    counts[state] = (counts[state] ?? 0) + 1;
    const progress = state === 'running' ? await readProgress(cellFolder(suiteDir, key)) : undefined;
    shown.push({ id, key, ...found, state, ...(progress && { progress }), ...(task && { slurm: task }) });
  }
  return { config, study, title, counts, cells: shown };
}

/** A suite's status as text: a line a config, and below it the cells at work and those that failed. */
export function statusText({ folder, configs }: SuiteStatus): string {
  return [folder, ...configs.flatMap(configLines)].join('\n');
}

function configLines({ config, title, counts, cells }: ConfigStatus): string[] {
  const parts = STATES.flatMap((state) => (counts[state] ? [`${counts[state]} ${state}`] : []));
  const total = cells.length === 1 ? '1 cell' : `${cells.length} cells`;
  return [
    `  ${config}: ${title}`,
    `    ${total}: ${parts.join(', ')}${queueReasons(cells)}`,
    ...cells.flatMap(cellLine),
  ];
}

/** Why Slurm lets cells wait: `; Slurm: 2 Dependency, 1 Resources`. */
function queueReasons(cells: readonly CellStatus[]): string {
  const reasons = new Map<string, number>();
  for (const { state, slurm } of cells) {
    if (state !== 'queued' || slurm === undefined) continue;
    const reason = slurm.reason ?? slurm.state;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  if (reasons.size === 0) return '';
  return `; Slurm: ${[...reasons].map(([reason, n]) => `${n} ${reason}`).join(', ')}`;
}

function cellLine({ id, state, reason, holder, progress, slurm }: CellStatus): string[] {
  const why = slurm?.reason === undefined ? '' : ` (${slurm.reason})`;
  const task = slurm === undefined ? [] : [`Slurm task ${slurm.task} ${slurm.state}${why}`];
  const line = (...parts: string[]) => [`    ${state.padEnd(8)} ${[id, ...parts, ...task].join('  ')}`];
  if (state === 'failed') return line(reason ?? '');
  if (state === 'running' && holder) return line(...progressParts(progress), holderText(holder));
  // A task that is over, and its cell is not.
  if (state !== 'done' && slurm?.isActive === false) return [`${line()[0]}: ${slurm.log}`];
  return [];
}

function progressParts(progress: Progress | undefined): string[] {
  if (progress === undefined) return [];
  const { epoch, epochs, step, steps } = progress.update;
  const left = progress.secondsLeft === undefined ? [] : [`${duration(progress.secondsLeft * 1000)} left`];
  return [`epoch ${epoch}/${epochs}`, `step ${step}/${steps}`, ...left];
}
