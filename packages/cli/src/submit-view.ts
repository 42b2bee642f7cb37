import { join } from 'node:path';
import type { Draft, SubmittedArray } from '@resizer-lab/suite';

/** A submission for scripts to read. `jobs`: none in a dry run. */
export function submission(draft: Draft, jobs: readonly SubmittedArray[]): Record<string, unknown> {
  const { suite, folder, arrays, left } = draft;
  return {
    suite,
    folder,
    arrays: arrays.map(({ name, level, script, awaits, cells }) => {
      const { job = null, after = awaits } = jobs.find((array) => array.name === name) ?? {};
      return { name, level, job, after, cells: cells.map(({ id, key }) => ({ id, key })), script };
    }),
    left: Object.fromEntries(Object.entries(left).map(([why, cells]) => [why, cells.map(({ id }) => id)])),
  };
}

/** What would be submitted, script by script. */
export function draftText({ suite, folder, arrays }: Draft): string {
  const texts = arrays.map(({ name, level, cells, awaits, script }) => {
    const before = [
      ...(level > 1 ? [`all of level ${level - 1}`] : []),
      ...awaits.map((job) => `job ${job}`),
    ];
    const after = before.length > 0 ? `, after ${before.join(' and ')}` : '';
    const list = cells.map(({ key, id }, index) => `#   ${index}: ${key} ${id}`).join('\n');
    return `# ${join(folder, name)}.sh: ${counted(cells.length)}${after}\n${list}\n${script}`;
  });
  return [`# ${suite}: ${summary(arrays)}`, ...texts].join('\n');
}

/** What was submitted, and where to look. */
export function submittedText(draft: Draft, jobs: readonly SubmittedArray[]): string {
  const { suite, suiteDir, folder, arrays } = draft;
  if (jobs.length === 0) return `${suite}: ${summary(arrays)}`;
  const lines = jobs.map(({ name, job, after, cells }) => {
    const waits =
      after.length > 0 ? `, after ${after.length === 1 ? 'job' : 'jobs'} ${after.join(', ')}` : '';
    return `  ${name.replaceAll('-', ' ')}: job ${job}, ${counted(cells)}${waits}`;
  });
  return [
    `${suite}: ${summary(arrays)}`,
    ...lines,
    `Scripts and Slurm's logs are in ${folder}`,
    `\`resizer tables ${suiteDir}\` makes the tables of what is done.`,
  ].join('\n');
}

/** Why cells were left out, a line a reason. */
export function leftText({ suite, left }: Draft): string[] {
  const reasons: Record<keyof Draft['left'], string> = {
    done: 'done already',
    running: 'at work outside Slurm',
    queued: 'submitted already',
    failed: 'failed earlier; correct the cause, --retry-failed submits them again',
    blocked: 'left out, for they need one that failed',
  };
  return (Object.keys(reasons) as (keyof Draft['left'])[]).flatMap((why) =>
    left[why].length > 0 ? [`${suite}: ${counted(left[why].length)} ${reasons[why]}`] : [],
  );
}

function summary(arrays: Draft['arrays']): string {
  if (arrays.length === 0) return 'nothing to submit';
  const cells = arrays.reduce((sum, array) => sum + array.cells.length, 0);
  return `${counted(cells)} in ${arrays.length === 1 ? '1 job array' : `${arrays.length} job arrays`}`;
}

function counted(n: number): string {
  return n === 1 ? '1 cell' : `${n} cells`;
}
