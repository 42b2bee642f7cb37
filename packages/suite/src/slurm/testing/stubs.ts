import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';

/*
 * Stand-ins for Slurm's commands: what they are told, and what they answer. The tests against a real
 * Slurm are in cluster.test.ts.
 */

/**
 * Puts shell scripts in the place of Slurm's commands, which the machine may have or not: nothing else
 * is on the path, so they are of shell built-ins alone. Each call is noted: `calls`.
 */
export async function stubSlurm(folder: string, scripts: Readonly<Record<string, string>>): Promise<void> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  for (const [name, script] of Object.entries(scripts)) {
    const note = `echo "${name} $*" >> '${join(folder, 'calls.txt')}'`;
    await writeFile(join(bin, name), `#!/bin/sh\n${note}\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  vi.stubEnv('PATH', bin);
}

/** What the stand-ins were called with, a line a call. */
export async function calls(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'calls.txt'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}
