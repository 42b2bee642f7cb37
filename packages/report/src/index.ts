export { toCsv } from './csv.ts';
export { formatCell, formatNumber } from './format.ts';
export { toLatex } from './latex.ts';
export { toMarkdown } from './markdown.ts';
export type { Cell, Column, EstimateCell, Table, Unit } from './table.ts';
export { toTerminal } from './terminal.ts';
export { writeTables } from './write.ts';
