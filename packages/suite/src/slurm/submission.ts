import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, UserError } from '@resizer-lab/base';
import { z } from 'zod';
import { fileError, readJson, writeJson } from '../files.ts';

/*
 * A submission is a folder of its suite's:
 *   slurm/<name>/submission.json     the array jobs that Slurm has accepted
 *   slurm/<name>/level-1.sh          the script of an array job
 *   slurm/<name>/level-1.json        its cells: a task's index is a cell's place in the list
 *   slurm/<name>/level-1.0.stops     when task 0 was stopped by its time limit and queued itself again
 *   slurm/<name>/123_0.log           what task 0 of job 123 printed; its cell prints into its own log.txt
 */

const arraySchema = z.strictObject({
  /** How often a task that its time limit stops may queue itself again. */
  requeueLimit: z.int().min(0),
  cells: z.array(z.strictObject({ key: z.string().regex(/^[0-9a-f]{16}$/), id: z.string() })),
});
/** The cells of an array job, by index. */
export type ArrayFile = z.infer<typeof arraySchema>;

const submissionSchema = z.strictObject({
  submitted: z.string(),
  arrays: z.array(
    z.strictObject({
      /** Of its script and its list of cells. */
      name: z.string().regex(/^level-\d+(-\d+)?$/),
      /** Slurm's id and name of the array job. */
      job: z.string().regex(/^\d+$/),
      jobName: z.string(),
    }),
  ),
});
export type SubmissionFile = z.infer<typeof submissionSchema>;

/** The name of a submission made now by this process, such as `20260131T120000123Z-4711`: in order of time. */
export function submissionName(): string {
  return `${new Date().toISOString().replace(/[-:.]/g, '')}-${process.pid}`;
}

export function writeSubmission(folder: string, submission: SubmissionFile): Promise<void> {
  return writeJson(join(folder, 'submission.json'), submission);
}

/** The submissions of a suite's folder, oldest first. */
export async function readSubmissions(suiteDir: string): Promise<(SubmissionFile & { folder: string })[]> {
  const names = await readdir(join(suiteDir, 'slurm')).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw fileError(`${join(suiteDir, 'slurm')} cannot be read`, error);
  });
  const submissions = names.filter((name) => /^\d{8}T\d{9}Z-\d+$/.test(name)).sort();
  const found = await Promise.all(
    submissions.map(async (name) => {
      const folder = join(suiteDir, 'slurm', name);
      const submission = await readJson(join(folder, 'submission.json'), submissionSchema);
      return submission === undefined ? [] : [{ ...submission, folder }];
    }),
  );
  return found.flat();
}

export function writeArray(file: string, array: ArrayFile): Promise<void> {
  return writeJson(file, array);
}

/** @throws UserError where the file is not there or damaged. */
export async function readArray(file: string): Promise<ArrayFile> {
  const array = await readJson(file, arraySchema);
  if (array === undefined) throw new UserError(`${file} is not there; the cells of an array job stand in it`);
  return array;
}
