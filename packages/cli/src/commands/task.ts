import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { runTask } from '@resizer-lab/suite';

const bin = join(import.meta.dirname, '../../bin/resizer.mjs');

/** `resizer task FILE`: one task of a Slurm array; what the scripts of `submit` start. */
export function taskCommand() {
  return new Command('task').argument('<file>').action(async (file) => {
    const command = (folder: string) => [process.execPath, bin, 'cell', folder];
    console.log(await runTask(file, { command, onWait: console.log }));
  });
}
