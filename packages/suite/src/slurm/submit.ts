import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError, writeAtomically } from '@resizer-lab/base';
import { makeFolder, writePlan } from '../ledger.ts';
import { ask } from './client.ts';
import type { ArrayJob, Draft } from './draft.ts';
import { type SubmissionFile, writeArray, writeSubmission } from './submission.ts';

/** An array job that Slurm has accepted. */
export interface SubmittedArray {
  readonly name: string;
  /** Slurm's id of it. */
  readonly job: string;
  /** The array jobs that it waits for. */
  readonly after: readonly string[];
  readonly cells: number;
}

/**
 * Writes a draft into its suite's folder and submits it level by level, each to begin when all of the
 * level before has ended, well or not (`afterany`): a cell that fails holds up nothing but those that
 * need it, whose tasks end at once and say why.
 * @throws UserError where there is no Slurm, and for what it complains of; array jobs that it has
 * accepted before stay submitted.
 */
export async function submitDraft(draft: Draft): Promise<SubmittedArray[]> {
  if ((await ask('sbatch', ['--version'])) === undefined) {
    throw new UserError(
      'sbatch is not on the path: submit on a login node of a Slurm cluster, or see the scripts with --dry-run',
    );
  }
  for (const plan of draft.plans) await writePlan(draft.suiteDir, plan);
  await makeFolder(draft.folder);
  for (const array of draft.arrays) await writeFiles(array, draft);
  const submitted: SubmittedArray[] = [];
  const accepted: SubmissionFile['arrays'] = [];
  let [level, previous, current] = [0, [] as string[], [] as string[]];
  for (const { name, jobName, cells, awaits, ...array } of draft.arrays) {
    if (array.level > level) [level, previous, current] = [array.level, current, []];
    const after = [...new Set([...previous, ...awaits])];
    const job = await sbatch(join(draft.folder, `${name}.sh`), after, submitted);
    current.push(job);
    submitted.push({ name, job, after, cells: cells.length });
    accepted.push({ name, job, jobName });
    await writeSubmission(draft.folder, { submitted: new Date().toISOString(), arrays: accepted });
  }
  return submitted;
}

async function writeFiles({ name, cells, script }: ArrayJob, { folder, requeueLimit }: Draft): Promise<void> {
  const file = join(folder, `${name}.sh`);
  await writeAtomically(file, [Buffer.from(script)]);
  await chmod(file, 0o755);
  const listed = cells.map(({ key, id }) => ({ key, id }));
  await writeArray(join(folder, `${name}.json`), { requeueLimit, cells: listed });
}

/** Submits a script, to begin when other jobs have ended. Returns its job id. */
async function sbatch(
  script: string,
  after: readonly string[],
  submitted: readonly SubmittedArray[],
): Promise<string> {
  const dependency = after.length === 0 ? [] : [`--dependency=afterany:${after.join(':')}`];
  const answer = await ask('sbatch', ['--parsable', ...dependency, script]);
  const job = /^(\d+)(;|$)/m.exec(answer?.stdout ?? '')?.[1];
  if (answer?.ok === true && job !== undefined) return job;
  const before = submitted.map((array) => array.job).join(', ');
  const kept = before === '' ? '' : ` Jobs ${before} were submitted before it, and stay.`;
  throw new UserError(`sbatch refused ${script}: ${answer?.complaint || 'it gave no job id'}.${kept}`);
}
