import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { dataRoot } from '@resizer-lab/datasets';
import { loadConfigs, type RunOutcome, runSuite } from '@resizer-lab/suite';
import { runView } from '../run-view.ts';
import { studies } from '../studies.ts';
import { exitCodeOf, printTables, tablesOfSuite } from '../tables.ts';

const bin = join(import.meta.dirname, '../../bin/resizer.mjs');

/** `resizer run CONFIG…` */
export function runCommand(exit: (code: number) => void) {
  return new Command('run')
    .description('Run the cells of configs that are not done yet, then print the tables.')
    .argument('<configs...>', 'config files, or folders of them')
    .option('--results <folder>', 'where results go, a folder a suite', 'results')
    .option('--retry-failed', 'run cells again that failed earlier', false)
    .option('--json', 'the tables as JSON on standard output')
    .addHelpText(
      'after',
      '\nKilling it at any time loses at most the work since the last checkpoint: the same command goes on.\n' +
        '\nExamples:\n  resizer run configs/smoke\n  resizer run configs/mini/classification.yaml --results /data/results\n',
    )
    .action(async (paths, { results, retryFailed, json }) => {
      const configs = await loadConfigs(paths, studies);
      const view = runView();
      const outcome = await runSuite(configs, {
        results,
        dataRoot: dataRoot(),
        retryFailed,
        command: (folder) => [process.execPath, bin, 'cell', folder],
        onEvent: view.show,
      }).finally(view.finish);
      let exitCode = outcome.exitCode;
      for (const suite of new Set(configs.map((config) => config.suite))) {
        const folder = join(results, suite);
        const { tables, written } = await tablesOfSuite(folder);
        printTables(tables, { folder: join(folder, 'tables'), written, json: json ?? false });
        exitCode ||= exitCodeOf(tables);
      }
      for (const line of leftToDo(outcome)) console.error(line);
      exit(exitCode);
    });
}

/** What the user can do about cells that are not done. */
function leftToDo({ failed, left, stoppedBy }: RunOutcome): string[] {
  return [
    ...(failed > 0
      ? [
          `${cells(failed)} failed. Correct the cause; --retry-failed runs them again, from their last checkpoint.`,
        ]
      : []),
    ...(stoppedBy ? [`Stopped by ${stoppedBy}, ${cells(left)} left. The same command goes on.`] : []),
  ];
}

function cells(n: number): string {
  return n === 1 ? '1 cell' : `${n} cells`;
}
