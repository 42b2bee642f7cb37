import { markdownTable } from 'markdown-table';
import stringWidth from 'string-width';
import { formatCell } from './format.ts';
import { alignments, cellsOf, type Table } from './table.ts';
import { oneLine } from './text.ts';

/**
 * A table for people, in GitHub's Markdown: a heading, the table, the notes as a list. Text from
 * outside cannot leave its cell or become markup.
 * @throws UserError for a missing or unknown cell, NaN, or two columns of one key.
 */
export function toMarkdown(table: Table): string {
  const header = table.columns.map((column) => escapeMarkdown(column.header));
  const rows = cellsOf(table).map((row) =>
    row.map((cell, j) => {
      const text = formatCell(cell, table.columns[j]!);
      return typeof cell === 'string' ? escapeMarkdown(text) : escapeHtml(text);
    }),
  );
  const align = alignments(table).map((side) => side[0]!);
  const grid = markdownTable([header, ...rows], { align, stringLength: stringWidth });
  const notes = table.notes.map((note) => `- ${escapeStart(escapeMarkdown(note))}\n`);
  return `## ${escapeMarkdown(table.title)}\n\n${grid}\n${notes.length > 0 ? '\n' : ''}${notes.join('')}`;
}

/**
 * Text as Markdown that renders, within a line, as that text and nothing else: no markup, HTML, link
 * or mention. Underscores within words stay, since they mean nothing there.
 */
function escapeMarkdown(text: string): string {
  return escapeHtml(oneLine(text).replace(/[\\`*~#|$@[\]]/g, '\\$&'))
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    .replace(/:(?=\/\/)|(?<=www)\./gi, '\\$&');
}

function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** Keeps a line from starting a list or a heading of its own. */
function escapeStart(text: string): string {
  return text.replace(/^([-+=])/, '\\$1').replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2');
}
