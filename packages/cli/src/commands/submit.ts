import { join, resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { cacheFolder, UserError } from '@resizer-lab/base';
import { dataRoot, weightsRoot } from '@resizer-lab/datasets';
import { draftSubmissions, loadConfigs, submitDraft } from '@resizer-lab/suite';
import { repeated } from '../repeated.ts';
import { isSetting } from '../settings.ts';
import { studies } from '../studies.ts';
import { draftText, leftText, submission, submittedText } from '../submit-view.ts';

const bin = join(import.meta.dirname, '../../bin/resizer.mjs');

/** `resizer submit CONFIG…` */
export function submitCommand() {
  return new Command('submit')
    .description('Hand the cells of configs that are not done to Slurm: a job array for each level of needs.')
    .argument('<configs...>', 'config files, or folders of them')
    .option('--partition <name>', "where tasks run; default: the cluster's")
    .option('--time <limit>', "of a task, as Slurm writes it: 2:00:00, 1-0; default: the partition's")
    .option('--gres <list>', 'what each task gets, such as gpu:1')
    .option('--account <name>', 'who pays')
    .option('--qos <name>', 'quality of service')
    .option('--mem <size>', 'memory of a task, such as 32G')
    .option('--cpus <n>', 'processor cores of a task', count)
    .option('--array-limit <n>', 'tasks of a level that may run at once', count)
    .option('--requeue-limit <n>', 'how often a task that its time limit stops goes on by itself', count, 20)
    .option(
      '--sbatch <option>',
      "any other option of sbatch, such as '--constraint=a100'; may be repeated",
      further,
      [],
    )
    .option('--results <folder>', 'where results go, a folder a suite; every node must see it', 'results')
    .option(
      '--only <glob>',
      'only cells whose id matches, and those that they need; may be repeated',
      repeated,
      [],
    )
    .option('--retry-failed', 'submit cells again that failed earlier', false)
    .option('--dry-run', 'print the scripts, write and submit nothing', false)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nTasks that are preempted, requeued or stopped by their time limit go on from their last checkpoint.\n' +
        'Cells that are done, at work or queued are left out: the same command again submits what is missing.\n' +
        '\nExamples:\n' +
        '  resizer submit configs/paper --partition gpu --time 8:00:00 --gres gpu:1 --cpus 8 --mem 32G\n' +
        "  resizer submit configs/paper --only 'resnet50/**' --only 'densenet121/**' --partition gpu\n" +
        '  resizer submit configs/smoke --dry-run\n',
    )
    .action(async (paths, options) => {
      const configs = await loadConfigs(paths, studies);
      const drafts = await draftSubmissions(configs, {
        ...options,
        dataRoot: dataRoot(),
        results: resolve(options.results),
        sbatch: sbatchOptions(options),
        environment: environment(),
        command: (arrayFile) => [process.execPath, bin, 'task', arrayFile],
      });
      const shown: unknown[] = [];
      for (const draft of drafts) {
        const jobs = options.dryRun || draft.arrays.length === 0 ? [] : await submitDraft(draft);
        if (options.json === true) shown.push(submission(draft, jobs));
        else if (options.dryRun) console.log(draftText(draft));
        else console.log(submittedText(draft, jobs));
        for (const line of leftText(draft)) console.error(line);
      }
      if (options.json === true) console.log(JSON.stringify(shown, null, 2));
    });
}

interface SbatchOptions {
  readonly partition?: string | undefined;
  readonly time?: string | undefined;
  readonly gres?: string | undefined;
  readonly account?: string | undefined;
  readonly qos?: string | undefined;
  readonly mem?: string | undefined;
  readonly cpus?: number | undefined;
  readonly sbatch: readonly string[];
}

function sbatchOptions({ partition, time, gres, account, qos, mem, cpus, sbatch }: SbatchOptions): string[] {
  const named = { partition, time, gres, account, qos, mem, 'cpus-per-task': cpus };
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  return [...given.map(([name, value]) => `--${name}=${value}`), ...sbatch];
}

/** What bears on a cell's work is told to tasks by name, whatever else the cluster hands on. */
function environment(): Record<string, string> {
  // The devices of a task are for Slurm to say.
  const isTold = (name: string) =>
    name !== 'CUDA_VISIBLE_DEVICES' && (isSetting(name) || /^RESIZER_[A-Z_]+$/.test(name));
  const set = Object.entries(process.env).flatMap(([name, value]) =>
    isTold(name) && value ? [[name, value] as const] : [],
  );
  return {
    ...Object.fromEntries(set),
    RESIZER_DATA: dataRoot(),
    RESIZER_WEIGHTS: resolve(weightsRoot()),
    RESIZER_CACHE: resolve(cacheFolder()),
  };
}

function count(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UserError(`"${text}" must be a whole number from 1`, { exitCode: 2 });
}

/** `--name=value`, however it was written. */
function further(option: string, earlier: readonly string[]): readonly string[] {
  const [, name, value] = /^(--[a-z][a-z-]*)(?:[= ](.*))?$/s.exec(option) ?? [];
  if (name !== undefined) return [...earlier, value === undefined ? name : `${name}=${value.trim()}`];
  throw new UserError(
    `--sbatch "${option}": must be one option in its long form, such as --sbatch '--constraint=a100'`,
    { exitCode: 2 },
  );
}
