import type { Cell, Column, Unit } from './table.ts';
import { oneLine } from './text.ts';

/** A cell for people: rounded, with its unit, an estimate as `33.45 % [31.42, 35.52]`. Blank for null. */
export function formatCell(cell: Cell, { format = 'plain' }: Pick<Column, 'format'>): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return oneLine(cell);
  if (typeof cell === 'number') return formatNumber(cell, format);
  const value = formatNumber(cell.value, cell.unit);
  if (cell.low === null || cell.high === null) return value;
  return `${value} [${digitsOf(cell.low, cell.unit)}, ${digitsOf(cell.high, cell.unit)}]`;
}

/** A number for people, with its unit. */
export function formatNumber(value: number, unit: Unit): string {
  const suffix = unit === 'percent' ? ' %' : unit === 'points' ? ' pp' : '';
  return digitsOf(value, unit) + suffix;
}

function digitsOf(value: number, unit: Unit): string {
  switch (unit) {
    case 'percent':
      return withoutNegativeZero((value * 100).toFixed(2));
    case 'points': {
      const digits = withoutNegativeZero((value * 100).toFixed(2));
      return Number(digits) > 0 ? `+${digits}` : digits;
    }
    case 'score':
      return withoutNegativeZero(value.toFixed(4));
    case 'p':
      return value < 0.0001 ? '<0.0001' : value.toFixed(4);
    case 'count':
      return withoutNegativeZero(value.toFixed(0));
    case 'plain':
      return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
  }
}

function withoutNegativeZero(digits: string): string {
  return Number(digits) === 0 ? digits.replace('-', '') : digits;
}
