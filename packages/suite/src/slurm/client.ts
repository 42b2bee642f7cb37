import { execFile } from 'node:child_process';
import { codeOf, messageOf } from '@resizer-lab/base';

/** Slurm's commands try for a minute to reach a controller that is down; nobody waits for them so long. */
const TIMEOUT_MS = 20_000;

export interface Answer {
  readonly ok: boolean;
  readonly stdout: string;
  /** What it complained of, in one line without its own prefixes. */
  readonly complaint: string;
}

/** Runs a command of Slurm. Undefined where it is not installed. */
export function ask(
  program: 'sbatch' | 'squeue' | 'sacct' | 'scontrol',
  args: readonly string[],
): Promise<Answer | undefined> {
  // Its messages are read, so they must not be in the user's language.
  const env = { ...process.env, LC_ALL: 'C' };
  const limits = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: 2 ** 28 } as const;
  return new Promise((resolve) => {
    execFile(program, args, { env, ...limits }, (error, stdout, stderr) => {
      if (codeOf(error) === 'ENOENT') resolve(undefined);
      else resolve({ ok: error === null, stdout, complaint: complaintOf(program, error, stderr) });
    });
  });
}

function complaintOf(program: string, error: Error | null, stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) =>
      line
        .replace(/^\w+: (error|fatal): /, '')
        .replace(/[^\P{C}\t]/gu, '')
        .trim(),
    )
    .filter((line) => line !== '');
  if (error !== null && 'killed' in error && error.killed === true) {
    lines.push(`${program} did not answer within ${TIMEOUT_MS / 1000} s`);
  }
  if (error !== null && lines.length === 0) lines.push(messageOf(error).split('\n')[0] ?? '');
  return lines.join('; ').slice(0, 500);
}

/** Indices of array tasks that the cluster allows, from 0: `MaxArraySize`. */
export async function maxArraySize(): Promise<number> {
  const answer = await ask('scontrol', ['show', 'config']);
  const found = /^MaxArraySize\s*=\s*(\d+)/m.exec(answer?.stdout ?? '')?.[1];
  // Slurm's own default, where there is nobody to ask.
  return Math.max(1, Number(found ?? 1001));
}

/** The state of a task as squeue says it, such as `RUNNING`. Undefined where it does not. */
export async function taskState(task: string): Promise<string | undefined> {
  const answer = await ask('squeue', ['--noheader', '--states=all', `--jobs=${task}`, '--format=%T']);
  return answer?.stdout.trim() || undefined;
}
