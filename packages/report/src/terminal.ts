import stringWidth from 'string-width';
import { formatCell } from './format.ts';
import { alignments, cellsOf, type Table } from './table.ts';
import { oneLine } from './text.ts';

const GAP = '  ';
/** Text is not squeezed below this many columns; a table that needs more is written row by row. */
const NARROWEST_TEXT = 16;
const NO_BREAK = '\u00a0';

/**
 * A table as plain text for a terminal, no line wider than `width` columns: aligned, long cells
 * wrapped, columns of detail left out as needed; where even that does not fit, one `header  value`
 * line a cell.
 * width: 20 or more.
 * @throws UserError for a missing or unknown cell, NaN, or two columns of one key.
 */
export function toTerminal(table: Table, { width = 100 }: { width?: number } = {}): string {
  const body = fitting(table, width) ?? records(...textOf(table), width);
  const title = wrap(oneLine(table.title), width);
  const notes = table.notes.flatMap((note) => wrap(oneLine(note), width));
  const lines = [...title, '', ...body, ...(notes.length > 0 ? ['', ...notes] : [])];
  return lines.map((line) => `${line.replaceAll(NO_BREAK, ' ').trimEnd()}\n`).join('');
}

/** The table as a grid, with as many columns of detail as there is room for; null if it does not fit. */
function fitting(table: Table, width: number): string[] | null {
  const [header, rows] = textOf(table);
  const widths = columnWidths([header, ...rows], width);
  if (widths !== null) return grid(table, [header, ...rows], widths);
  const last = table.columns.findLastIndex(({ detail }) => detail);
  if (last === -1) return null;
  const { key } = table.columns[last]!;
  const without = (row: Table['rows'][number]) =>
    Object.fromEntries(Object.entries(row).filter(([k]) => k !== key));
  return fitting(
    { ...table, columns: table.columns.toSpliced(last, 1), rows: table.rows.map(without) },
    width,
  );
}

/** Headers and cells as text. */
function textOf(table: Table): [header: string[], rows: string[][]] {
  const rows = cellsOf(table).map((row) =>
    row.map((cell, j) => {
      const text = formatCell(cell, table.columns[j]!);
      return typeof cell === 'string' ? text : text.replace(/ (?!\[)/g, NO_BREAK);
    }),
  );
  return [table.columns.map((column) => oneLine(column.header)), rows];
}

/** A width for each column so that all fit, or null if there is none. */
function columnWidths(rows: readonly string[][], width: number): number[] | null {
  const columns = rows[0]!.map((_, j) => rows.map((row) => row[j]!));
  const widths = columns.map((cells) => Math.max(...cells.map((text) => stringWidth(text))));
  const least = columns.map((cells) => Math.max(1, ...cells.map(narrowest)));
  const room = width - GAP.length * (columns.length - 1);
  const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
  if (sum(least) > room) return null;
  for (let over = sum(widths) - room; over > 0; over--) {
    const slack = widths.map((w, j) => (w > least[j]! ? w : 0));
    widths[slack.indexOf(Math.max(...slack))]!--;
  }
  return widths;
}

function narrowest(text: string): number {
  const words = text.split(' ').map((word) => {
    const columns = stringWidth(word);
    return word.includes(NO_BREAK) ? columns : Math.min(columns, NARROWEST_TEXT);
  });
  return Math.max(...words);
}

function grid(table: Table, rows: readonly string[][], widths: readonly number[]): string[] {
  const sides = alignments(table);
  const [header, ...body] = rows.map((row) => {
    const cells = row.map((text, j) => wrap(text, widths[j]!));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      cells.map((lines, j) => pad(lines[line] ?? '', widths[j]!, sides[j]!)).join(GAP),
    );
  });
  return [...header!, widths.map((w) => '-'.repeat(w)).join(GAP), ...body.flat()];
}

function records(header: readonly string[], rows: readonly string[][], width: number): string[] {
  const label = Math.min(Math.floor(width / 3), Math.max(...header.map((name) => stringWidth(name))));
  return rows.flatMap((row, i) => [
    ...(i > 0 ? [''] : []),
    ...row.flatMap((text, j) => {
      const names = wrap(header[j]!, label);
      const lines = wrap(text, width - label - GAP.length);
      return Array.from(
        { length: Math.max(names.length, lines.length) },
        (_, k) => pad(names[k] ?? '', label, 'left') + GAP + (lines[k] ?? ''),
      );
    }),
  ]);
}

function pad(text: string, width: number, side: 'left' | 'right' | 'center'): string {
  const space = Math.max(0, width - stringWidth(text));
  const before = side === 'left' ? 0 : side === 'right' ? space : Math.floor(space / 2);
  return ' '.repeat(before) + text + ' '.repeat(space - before);
}

/** Lines of at most `width` columns, broken at spaces, and inside a word only if it is wider. */
function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const piece of text.split(' ').flatMap((word) => pieces(word, width))) {
    const last = lines.at(-1)!;
    const joined = last === '' ? piece : `${last} ${piece}`;
    if (stringWidth(joined) <= width) lines[lines.length - 1] = joined;
    else lines.push(piece);
  }
  return lines;
}

function pieces(word: string, width: number): string[] {
  if (stringWidth(word) <= width) return [word];
  const parts = [''];
  for (const { segment } of new Intl.Segmenter().segment(word)) {
    if (stringWidth(parts.at(-1)! + segment) <= width) parts[parts.length - 1] += segment;
    else parts.push(segment);
  }
  return parts.filter((part) => part !== '');
}
