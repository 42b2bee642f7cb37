import { join } from 'node:path';
import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { dataRoot } from '@resizer-lab/datasets';
import { loadConfigs, type RunOutcome, runSuite, wallClock } from '@resizer-lab/suite';
import { repeated } from '../repeated.ts';
import { runView } from '../run-view.ts';
import { studies } from '../studies.ts';
import { exitCodeOf, printTables, tablesOfSuite } from '../tables.ts';

const bin = join(import.meta.dirname, '../../bin/resizer.mjs');

/** Nothing failed, work is left, the same command goes on (EX_TEMPFAIL of sysexits.h). */
const WORK_LEFT = 75;

/** `resizer run CONFIG…` */
export function runCommand(exit: (code: number) => void) {
  return new Command('run')
    .description('Run the cells of configs that are not done yet, then print the tables.')
    .argument('<configs...>', 'config files, or folders of them')
    .option('--results <folder>', 'where results go, a folder a suite', 'results')
    .option('--jobs <n>', 'cells at once, each with all cores: more than one pays on many cores', count, 1)
    .option(
      '--only <glob>',
      'only cells whose id matches, and those that they need; may be repeated',
      repeated,
      [],
    )
    .option('--retry-failed', 'run cells again that failed earlier', false)
    .option('--max-time <time>', 'stop after this time, such as 2h or 30min, at checkpoints', seconds)
    .option('--json', 'the tables as JSON on standard output')
    .addHelpText(
      'after',
      '\nKilling it at any time loses at most the work since the last checkpoint: the same command goes on.\n' +
        'Several may run at once on one results folder, on several machines too: they share the cells.\n' +
        `Exit codes: 0 done, 1 failed, 2 bad usage or config, ${WORK_LEFT} --max-time is up and work is left.\n` +
        '\nExamples:\n  resizer run configs/smoke\n  resizer run configs/mini/classification.yaml --results /data/results\n' +
        "  resizer run configs/mini --only '*/baseline/*' --max-time 2h\n",
    )
    .action(async (paths, { results, jobs, only, retryFailed, maxTime, json }) => {
      const configs = await loadConfigs(paths, studies);
      const view = runView({ jobs });
      const outcome = await runSuite(configs, {
        results,
        dataRoot: dataRoot(),
        jobs,
        only,
        retryFailed,
        maxSeconds: maxTime,
        command: (folder) => [process.execPath, bin, 'cell', folder],
        onEvent: view.show,
      }).finally(view.finish);
      let exitCode = codeOf(outcome);
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

function codeOf({ exitCode, failed, stoppedBy }: RunOutcome): number {
  return exitCode === 1 && failed === 0 && stoppedBy === 'time' ? WORK_LEFT : exitCode;
}

/** What the user can do about cells that are not done. */
function leftToDo({ failed, resumable, left, stoppedBy }: RunOutcome): string[] {
  const why = stoppedBy === 'time' ? 'The time is up' : `Stopped by ${stoppedBy}`;
  return [
    ...brokenOff(failed - resumable, { what: 'failed', remedy: '--retry-failed' }),
    ...brokenOff(resumable, { what: 'broke off', remedy: 'the same command' }),
    ...(stoppedBy && left > 0 ? [`${why}, ${cells(left)} left. The same command goes on.`] : []),
  ];
}

function brokenOff(n: number, { what, remedy }: { what: string; remedy: string }): string[] {
  if (n === 0) return [];
  const again = n === 1 ? 'it again, from its last checkpoint' : 'them again, from their last checkpoint';
  return [`${cells(n)} ${what}. Correct the cause; ${remedy} runs ${again}.`];
}

function cells(n: number): string {
  return n === 1 ? '1 cell' : `${n} cells`;
}

function count(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return Number(text);
}

function seconds(text: string): number {
  const parsed = wallClock.safeParse(text);
  // A timer takes no more milliseconds than 32 bits hold.
  if (!parsed.success || parsed.data > 24 * 24 * 3600) {
    throw new InvalidArgumentError(
      'It must be a number with its unit, such as 2h, 30min or 90s; at most 576h.',
    );
  }
  return parsed.data;
}
