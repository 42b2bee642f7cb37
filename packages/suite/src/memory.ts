import { readFile } from 'node:fs/promises';

/** What V8, C++ and TensorFlow say where there is no memory left. */
const SIGNS = /out of memory|bad_alloc|OOM when allocating|Array buffer allocation failed/i;

const REMEDY = 'a smaller batch or input, gradientCheckpointing: blocks, or fewer cells at once need less';

/**
 * What to tell of a process that printed this, if it says that there was no memory left; undefined
 * otherwise. `how` it ended, such as a signal, if it did.
 */
export function outOfMemory(text: string, how?: string): string | undefined {
  if (!SIGNS.test(text)) return undefined;
  const [, shape] = /OOM when allocating tensor with shape(\[[\d,]*\])/.exec(text) ?? [];
  const details = [how, shape && `a tensor of shape ${shape}`].filter((detail) => detail !== undefined);
  return `it ran out of memory${details.length > 0 ? ` (${details.join(', ')})` : ''}; ${REMEDY}`;
}

/**
 * How many processes the kernel has killed for lack of memory since the machine started, whosever and
 * within whichever limit; undefined where it does not tell (only Linux does).
 */
export async function memoryKills(): Promise<number | undefined> {
  const text = await readFile('/proc/vmstat', 'utf8').catch(() => '');
  const count = /^oom_kill (\d+)$/m.exec(text)?.[1];
  return count === undefined ? undefined : Number(count);
}

/** What to tell of a process that got SIGKILL, from the kernel's count before it was started and after its end. */
export function killedReason(before: number | undefined, after: number | undefined): string {
  if (before === undefined || after === undefined) {
    return `its process was killed (SIGKILL: by hand, or for lack of memory, in which case ${REMEDY})`;
  }
  if (after > before) return `the kernel killed its process for lack of memory (SIGKILL); ${REMEDY}`;
  return 'its process was killed (SIGKILL, by hand or by another program)';
}
