import { messageOf, UserError } from '@resizer-lab/base';
import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { backbonesCommand } from './commands/backbones.ts';
import { cellCommand } from './commands/cell.ts';
import { dataCommand } from './commands/data.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import { parityCommand } from './commands/parity.ts';
import { planCommand } from './commands/plan.ts';
import { runCommand } from './commands/run.ts';
import { schemaCommand } from './commands/schema.ts';
import { statusCommand } from './commands/status.ts';
import { submitCommand } from './commands/submit.ts';
import { tablesCommand } from './commands/tables.ts';
import { taskCommand } from './commands/task.ts';
import { weightsCommand } from './commands/weights.ts';

/**
 * The `resizer` command.
 * @param argv as process.argv
 * @returns the exit code: 0 done, 1 failed, 2 bad usage or config
 */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const done = (code: number) => {
    exitCode = code;
  };
  const program = new Command('resizer')
    .description('Check, use and extend learned image resizing (Talebi & Milanfar, ICCV 2021).')
    .showHelpAfterError('(resizer --help lists the commands)')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  resizer run configs/smoke                       two minutes, no data needed\n' +
        '  resizer run configs/mini/classification.yaml    real photos; see RESIZER_DATA in the README\n' +
        '  resizer tables results/mini                     the tables again, from the records\n',
    );
  program
    .addCommand(runCommand(done))
    .addCommand(planCommand())
    .addCommand(statusCommand())
    .addCommand(submitCommand())
    .addCommand(tablesCommand(done))
    .addCommand(doctorCommand(done))
    .addCommand(dataCommand())
    .addCommand(backbonesCommand())
    .addCommand(weightsCommand())
    .addCommand(evaluateCommand())
    .addCommand(exportCommand())
    .addCommand(parityCommand(done))
    .addCommand(schemaCommand())
    .addCommand(cellCommand(done), { hidden: true })
    .addCommand(taskCommand(), { hidden: true });
  throwInsteadOfExit(program);
  try {
    await program.parseAsync([...argv]);
    return exitCode;
  } catch (error) {
    return exitCodeOf(error);
  }
}

/** Bad usage of a command, or of one below it, is an exception here rather than the end of the process. */
function throwInsteadOfExit(command: CommandUnknownOpts): void {
  command.exitOverride();
  command.commands.forEach(throwInsteadOfExit);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UserError) {
    console.error(error.message);
    return error.exitCode;
  }
  // A defect of ours: the stack is what its report needs.
  console.error(error instanceof Error ? error.stack : messageOf(error));
  return 1;
}
