import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError, writeAtomically } from '@resizer-lab/base';
import { toCsv } from './csv.ts';
import { toLatex } from './latex.ts';
import { toMarkdown } from './markdown.ts';
import type { Table } from './table.ts';

/**
 * Writes each table as `<name>.csv`, `<name>.md` and `<name>.tex` into a folder, which is made if it is
 * not there. The same tables give the same bytes. A file is replaced whole or not at all.
 * @returns the paths written.
 * @throws UserError for a name that is no plain file name, two tables of one name, a table that cannot
 * be printed (before anything is written), or a file that cannot be written.
 */
export async function writeTables(folder: string, tables: readonly Table[]): Promise<string[]> {
  tables.forEach((table, i) => {
    if (!/^[a-z0-9][a-z0-9_-]{0,99}$/.test(table.name)) {
      throw new UserError(
        `table name '${table.name}' is no file name: use lower-case letters, digits, '-' and '_'`,
      );
    }
    if (tables.findIndex(({ name }) => name === table.name) !== i) {
      throw new UserError(`two tables are named '${table.name}'`);
    }
  });
  const files = tables.flatMap((table): [string, string][] => [
    [join(folder, `${table.name}.csv`), toCsv(table)],
    [join(folder, `${table.name}.md`), toMarkdown(table)],
    [join(folder, `${table.name}.tex`), toLatex(table)],
  ]);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new UserError(`the tables cannot be written to ${folder}: ${messageOf(error)}`, { cause: error });
  });
  for (const [path, text] of files) await writeAtomically(path, [Buffer.from(text)]);
  return files.map(([path]) => path);
}
