import { UserError } from '@resizer-lab/base';

/**
 * How a number is read.
 * - `percent`: a fraction, shown times 100: 0.3345 → 33.45 %
 * - `points`: a difference of two fractions, in percentage points with its sign: 0.012 → +1.20 pp
 * - `score`: a correlation or a distance, four decimals
 * - `p`: a p value, four decimals, `<0.0001` below
 * - `count`: a whole number, every digit
 * - `plain`: whole numbers as they are, others to four significant digits
 */
export type Unit = 'percent' | 'points' | 'score' | 'p' | 'count' | 'plain';

/** A number with its interval; one seed alone has none: nulls. */
export interface EstimateCell {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly unit: Unit;
}

/** Null is a blank. */
export type Cell = number | string | null | EstimateCell;

export interface Column {
  /** The name in CSV files and in rows. */
  readonly key: string;
  /** The name for people. */
  readonly header: string;
  /** Default: right for numbers, left for text. */
  readonly align?: 'left' | 'right' | 'center';
  /** How plain numbers of this column are read; an estimate brings its own unit. Default 'plain'. */
  readonly format?: Unit;
  /** Left out on a terminal that is too narrow for all columns; the last such column goes first. */
  readonly detail?: boolean;
}

export interface Table {
  /** The file name without its ending: lower-case letters, digits, `-` and `_`. */
  readonly name: string;
  readonly title: string;
  readonly columns: readonly Column[];
  /** Each row has a cell for every column. */
  readonly rows: readonly Readonly<Record<string, Cell>>[];
  readonly notes: readonly string[];
  /** What must not be so, such as a control experiment that came out wrong. The command fails with them. */
  readonly alarms?: readonly string[];
}

/** Whether a cell is a number with its interval. */
export function isEstimate(cell: Cell): cell is EstimateCell {
  return typeof cell === 'object' && cell !== null;
}

/**
 * All cells, row by row.
 * @throws UserError for a missing or an unknown cell, NaN or Infinity, or two columns of one key.
 */
export function cellsOf(table: Table): Cell[][] {
  const keys = table.columns.map(({ key }) => key);
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  if (twice !== undefined) throw new UserError(`table '${table.name}' has two columns '${twice}'`);
  return table.rows.map((row, i) => {
    const at = `table '${table.name}', row ${i + 1}`;
    const unknown = Object.keys(row).find((key) => !keys.includes(key));
    if (unknown !== undefined) throw new UserError(`${at}: there is no column '${unknown}'`);
    return keys.map((key) => {
      const cell = Object.hasOwn(row, key) ? row[key] : undefined;
      if (cell === undefined) throw new UserError(`${at}: column '${key}' is missing; a blank is null`);
      checkFinite(cell, `${at}, column '${key}'`);
      return cell;
    });
  });
}

function checkFinite(cell: Cell, at: string): void {
  const numbers = isEstimate(cell) ? [cell.value, cell.low ?? 0, cell.high ?? 0] : [cell];
  for (const number of numbers) {
    if (typeof number === 'number' && !Number.isFinite(number)) {
      throw new UserError(`${at}: ${number} cannot be printed`);
    }
  }
}

/** How each column is aligned: as it says, or right if it holds a number. */
export function alignments(table: Table): ('left' | 'right' | 'center')[] {
  return table.columns.map(
    ({ key, align }) =>
      align ??
      (table.rows.some((row) => typeof row[key] === 'number' || isEstimate(row[key] ?? null))
        ? 'right'
        : 'left'),
  );
}
