import { Command } from '@commander-js/extra-typings';
import { statusOf, statusText, suitesIn } from '../status.ts';

/** `resizer status [FOLDER…]` */
export function statusCommand() {
  return new Command('status')
    .description('Say how far suites are: cells by state, those at work, those that failed and why.')
    .argument('[folders...]', "suites' results, such as results/mini; default: all in ./results")
    .option('--json', 'as JSON, with every cell')
    .addHelpText(
      'after',
      '\nRead from files alone: it tells of runs on other machines and of Slurm tasks, too.\n' +
        '\nExamples:\n  resizer status\n  resizer status /data/results/mini --json\n',
    )
    .action(async (folders, { json }) => {
      const suites = await Promise.all(
        (folders.length > 0 ? folders : await suitesIn('results')).map(statusOf),
      );
      console.log(json ? JSON.stringify(suites, null, 2) : suites.map(statusText).join('\n'));
    });
}
