import { UserError } from '@resizer-lab/base';
import { stringify } from 'csv-stringify/sync';
import { type Cell, cellsOf, isEstimate, type Table } from './table.ts';
import { oneLine } from './text.ts';

/**
 * A table for programs: numbers in full precision and without unit (a percentage is its fraction), an
 * estimate as three columns `key`, `key_low`, `key_high` (where any row of the column has one). Text that a spreadsheet would run as a
 * formula gets a leading apostrophe. Notes and title are left to the other formats.
 * @throws UserError for a missing or unknown cell, NaN, or two columns of one name.
 */
export function toCsv(table: Table): string {
  const cells = cellsOf(table);
  const wide = table.columns.map((_, j) => cells.some((row) => isEstimate(row[j]!)));
  const header = table.columns.flatMap(({ key }, j) =>
    wide[j] ? [key, `${key}_low`, `${key}_high`] : [key],
  );
  const twice = header.find((key, i) => header.indexOf(key) !== i);
  if (twice !== undefined) throw new UserError(`table '${table.name}' would have two CSV columns '${twice}'`);
  const records = cells.map((row) =>
    row.flatMap((cell, j) => (wide[j] ? estimateFields(cell) : [field(cell)])),
  );
  return stringify([header.map(oneLine), ...records], { escape_formulas: true });
}

type Field = number | string | null;

function estimateFields(cell: Cell): Field[] {
  return isEstimate(cell) ? [cell.value, cell.low, cell.high] : [field(cell), null, null];
}

function field(cell: Cell): Field {
  if (typeof cell === 'string') return oneLine(cell);
  return isEstimate(cell) ? cell.value : cell;
}
