import { formatCell } from './format.ts';
import { alignments, cellsOf, type Table } from './table.ts';
import { oneLine } from './text.ts';

const COMMANDS: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
  "'": '\\textquotesingle{}',
  '`': '\\textasciigrave{}',
  // `\\` and the rules of booktabs would take these, at the start of a row, as their argument.
  '[': '{[}',
  '*': '{*}',
  // What headers use and LaTeX's fonts lack outside of mathematics.
  '−': '$-$',
  '→': '$\\to$',
  '≤': '$\\leq$',
  '≥': '$\\geq$',
  Δ: '$\\Delta$',
  τ: '$\\tau$',
};

/**
 * A table for a paper: a `table` environment with caption, label `tab:<name>`, booktabs rules and the
 * notes below. Needs `\usepackage{booktabs}` and `\usepackage[T1]{fontenc}`; letters that these fonts
 * lack, such as Chinese, need XeLaTeX or LuaLaTeX.
 * @throws UserError for a missing or unknown cell, NaN, or two columns of one key.
 */
export function toLatex(table: Table): string {
  const row = (cells: readonly string[]) => `${cells.join(' & ')} \\\\\n`;
  const body = cellsOf(table).map((cells) =>
    row(
      cells.map((cell, j) => {
        const text = escapeLatex(formatCell(cell, table.columns[j]!));
        return typeof cell === 'string' ? text : withMinusSigns(text);
      }),
    ),
  );
  return [
    '\\begin{table}\n\\centering\n',
    `\\caption{${escapeLatex(table.title)}}\n\\label{tab:${table.name}}\n`,
    `\\begin{tabular}{${alignments(table)
      .map((side) => side[0])
      .join('')}}\n\\toprule\n`,
    row(table.columns.map(({ header }) => escapeLatex(header))),
    '\\midrule\n',
    ...body,
    '\\bottomrule\n\\end{tabular}\n',
    ...table.notes.map((note) => `\n\\par\\footnotesize ${escapeLatex(note)}\n`),
    '\\end{table}\n',
  ].join('');
}

/** Text as LaTeX that prints as that text: every character with a meaning of its own is escaped. */
function escapeLatex(text: string): string {
  return oneLine(text).replace(
    /[\\~^<>|"'`[*−→≤≥Δτ&%$#_{}]/g,
    (character) => COMMANDS[character] ?? `\\${character}`,
  );
}

function withMinusSigns(digits: string): string {
  return digits.replace(/-(?=\d)/g, '$-$');
}
