import { join } from 'node:path';
import { type Table, toTerminal, writeTables } from '@resizer-lab/report';
import { readRecords, readSuite } from '@resizer-lab/suite';
import { studies } from './studies.ts';

/** Makes the tables of every config of a suite from its finished cells, and writes them. */
export async function tablesOfSuite(folder: string): Promise<{ tables: Table[]; written: string[] }> {
  const tables: Table[] = [];
  for (const plan of await readSuite(folder)) {
    const study = studies.find(({ name }) => name === plan.study);
    if (!study) continue;
    const records = await readRecords(plan, study);
    if (records.length > 0) tables.push(...(await study.tables(records, { ...plan, name: plan.config })));
  }
  return { tables, written: await writeTables(join(folder, 'tables'), tables) };
}

/** Shows tables and says where their files are; alarms go to standard error. */
export function printTables(
  tables: readonly Table[],
  { folder, written, json }: { folder: string; written: string[]; json: boolean },
): void {
  if (json) console.log(JSON.stringify(tables, null, 2));
  else {
    // Not on a terminal, a log takes lines of this width.
    const width = process.stdout.columns ?? 120;
    for (const table of tables) console.log(`\n${toTerminal(table, { width })}`);
    console.log(tables.length > 0 ? `\n${written.length} files in ${folder}` : 'No cell is done: no tables.');
  }
  for (const { alarms = [] } of tables) for (const alarm of alarms) console.error(`CONTROL FAILED: ${alarm}`);
}

/** The exit code that tables give a command: 1 where a control experiment failed. */
export function exitCodeOf(tables: readonly Table[]): 0 | 1 {
  return tables.some(({ alarms = [] }) => alarms.length > 0) ? 1 : 0;
}
