import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { exitCodeOf, printTables, tablesOfSuite } from '../tables.ts';

/** `resizer tables DIR` */
export function tablesCommand(exit: (code: number) => void) {
  return new Command('tables')
    .description('Make the tables of a suite from its records: CSV, Markdown and LaTeX.')
    .argument('<folder>', "a suite's results, such as results/mini")
    .option('--json', 'the tables as JSON')
    .addHelpText('after', '\nExample:\n  resizer tables results/mini\n')
    .action(async (folder, { json }) => {
      const { tables, written } = await tablesOfSuite(folder);
      printTables(tables, { folder: join(folder, 'tables'), written, json: json ?? false });
      exit(exitCodeOf(tables));
    });
}
