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

/** Shows tables, and says where their files are. */
export function printTables(
  tables: readonly Table[],
  { folder, written }: { folder: string; written: string[] },
): void {
  for (const table of tables) console.log(`\n${toTerminal(table)}`);
  console.log(`\n${written.length} files in ${folder}`);
}
