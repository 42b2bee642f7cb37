import { readFile, stat } from 'node:fs/promises';
import { messageOf, UserError } from '@resizer-lab/base';
import { type InfoRecord, parse } from 'csv-parse/sync';

const MAX_BYTES = 256 * 2 ** 20;
const MAX_ROWS = 2_000_000;
const MAX_ROW_BYTES = 2 ** 16;

/** A line of a table: the values of the columns that were asked for, in their order. */
export interface TableRow {
  /** Counted from 1, the header's. */
  readonly line: number;
  readonly values: readonly string[];
}

/**
 * Reads some columns of a CSV file, which its first line names. Empty lines are passed over.
 * @throws UserError for a column that is absent or there twice, and, naming the line, for what is no CSV.
 */
export async function readTable(path: string, columns: readonly string[]): Promise<TableRow[]> {
  const [head, ...rows] = parseCsv(await readText(path), path);
  const places = columns.map((column) => placeOf(column, head?.record ?? [], path));
  return rows.map(({ record, info }) => ({
    line: info.lines,
    values: places.map((place) => record[place]!),
  }));
}

/** @throws UserError for what is no file, or too large a one. */
export async function readText(path: string): Promise<string> {
  const stats = await stat(path);
  if (!stats.isFile()) throw new UserError(`${path} is not a file`);
  if (stats.size > MAX_BYTES) throw new UserError(`${path} is over the limit of ${MAX_BYTES} bytes`);
  return readFile(path, 'utf8');
}

interface Row {
  readonly record: readonly string[];
  readonly info: InfoRecord;
}

function parseCsv(text: string, path: string): Row[] {
  try {
    // The typings do not know of `info` without `columns`.
    const rows: unknown = parse(text, {
      bom: true,
      info: true,
      skip_empty_lines: true,
      max_record_size: MAX_ROW_BYTES,
      to: MAX_ROWS + 2,
    });
    if ((rows as Row[]).length > MAX_ROWS + 1) throw new Error(`more than ${MAX_ROWS} rows`);
    return rows as Row[];
  } catch (error) {
    throw new UserError(`${path}: ${messageOf(error)}`, { cause: error });
  }
}

function placeOf(column: string, head: readonly string[], path: string): number {
  const place = head.indexOf(column);
  if (place >= 0 && place === head.lastIndexOf(column)) return place;
  const found = head.slice(0, 20).map((name) => JSON.stringify(name.slice(0, 40)));
  const what = place < 0 ? 'no column' : 'more than one column';
  throw new UserError(`${path}:1: ${what} ${JSON.stringify(column)}; columns: ${found.join(', ') || 'none'}`);
}
