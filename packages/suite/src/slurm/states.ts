import { join } from 'node:path';
import { ask } from './client.ts';
import { readArray, readSubmissions } from './submission.ts';

/** What Slurm says of the task of a cell. */
export interface SlurmState {
  /** In Slurm's words, in lower case: pending, running, completing, completed, failed, timeout, … */
  readonly state: string;
  /** Whether the task waits or runs: nobody need submit its cell. */
  readonly isActive: boolean;
  /** The task, `12_3`, and its array job, `12`. */
  readonly task: string;
  readonly job: string;
  /** Why it waits or what ended it, where Slurm says so: `Dependency`, `Resources`, `JobLaunchFailure`. */
  readonly reason: string | undefined;
  /** What the task printed; the cell itself prints into its `log.txt`. */
  readonly log: string;
}

const ACTIVE = new Set([
  'pending',
  'running',
  'suspended',
  'configuring',
  'requeued',
  'resizing',
  'signaling',
]);

/**
 * What Slurm says of the cells of a suite's folder that were submitted, by key: squeue, and of tasks
 * that it has forgotten sacct, where the cluster keeps accounts. A cell that was submitted twice has
 * the state of the task that is active, or of the later one. Empty where there is no Slurm.
 */
export async function slurmStates(suiteDir: string): Promise<Map<string, SlurmState>> {
  const arrays = (await readSubmissions(suiteDir)).flatMap(({ folder, arrays: listed }) =>
    listed.map((array) => ({ ...array, folder })),
  );
  const states = new Map<string, SlurmState>();
  if (arrays.length === 0) return states;
  const tasks = await tasksOf(arrays.map(({ job }) => job));
  for (const { folder, name, job, jobName } of arrays) {
    // Slurm counts jobs from the beginning again one day.
    const own = tasks.filter((task) => task.job === job && task.jobName === jobName);
    if (own.length === 0) continue;
    const { cells } = await readArray(join(folder, `${name}.json`));
    for (const { index, state, reason } of own) {
      const cell = cells[index];
      if (cell === undefined) continue;
      const isActive = ACTIVE.has(state);
      if (states.get(cell.key)?.isActive === true && !isActive) continue;
      const log = join(folder, `${job}_${index}.log`);
      states.set(cell.key, { state, isActive, task: `${job}_${index}`, job, reason, log });
    }
  }
  return states;
}

interface Task {
  readonly job: string;
  readonly index: number;
  readonly jobName: string;
  readonly state: string;
  readonly reason: string | undefined;
}

/** The tasks of array jobs: squeue knows those of now, sacct those of old. */
async function tasksOf(jobs: readonly string[]): Promise<Task[]> {
  const list = `--jobs=${jobs.join(',')}`;
  const squeue = ['--noheader', '--array', '--states=all', list, '--format=%F_%K|%j|%T|%r'];
  const columns = '--format=JobID,JobName,State,Reason';
  const sacct = ['--noheader', '--parsable2', '--array', '--allocations', list, columns];
  const answers = await Promise.all([ask('sacct', sacct), ask('squeue', squeue)]);
  const found = answers.flatMap((answer) => taskLines(answer?.stdout ?? ''));
  return [...new Map(found.map((task) => [`${task.job}_${task.index}`, task])).values()];
}

/** Lines `12_3|job name|STATE|reason`. sacct writes `CANCELLED by 1000`. */
function taskLines(text: string): Task[] {
  return text.split('\n').flatMap((line) => {
    const [, job, index, jobName, state, reason] =
      /^(\d+)_(\d+)\|([^|]*)\|(\w+)[^|]*\|(.*)$/.exec(line) ?? [];
    if (job === undefined || jobName === undefined || state === undefined) return [];
    const why = reason === undefined || /^(None|Unknown|)$/.test(reason) ? undefined : reason;
    return [{ job, index: Number(index), jobName, state: state.toLowerCase(), reason: why }];
  });
}
