import { fileURLToPath } from 'node:url';
import { UserError } from '@resizer-lab/base';
import { mainCommand } from '../../testing/main.ts';
import { runTask } from '../task.ts';

/** The command line of a task in the tests: `FILE DATA`. Its cell is of the noop study. */
export const taskCommand = ['--import', import.meta.resolve('tsx'), fileURLToPath(import.meta.url)];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file = '', dataRoot = ''] = process.argv.slice(2);
  const command = (folder: string) => [process.execPath, ...mainCommand, 'cell', folder, dataRoot];
  try {
    console.log(await runTask(file, { command, onWait: console.log }));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(error.message);
    process.exitCode = error.exitCode;
  }
}
