import type { Unit } from '@resizer-lab/report';
import type { Interval } from './estimates.ts';
import type { Scored } from './scored.ts';

/** An arm minus its control. */
export interface Difference extends Interval {
  p: number;
}

/** How an arm is compared with its control in one metric: a column of the difference, one of its p. */
export interface Comparison<S extends Scored> {
  /** Of the difference's column. */
  key: string;
  header: string;
  unit: Unit;
  /** Of the p column. */
  p: { key: string; header: string };
  /** Which way the arm is the better one. */
  better: 'lower' | 'higher';
  /** The pair predicts the same photos. */
  of(arm: S, control: S): Difference;
}

/** Below this p two arms are told apart. */
export const ALPHA = 0.05;

export type Verdict = 'better' | 'worse' | 'tie';

/** What a difference says of the arm. */
export function verdictOf({ value, p }: Difference, better: 'lower' | 'higher'): Verdict {
  if (p >= ALPHA) return 'tie';
  return value < 0 === (better === 'lower') ? 'better' : 'worse';
}

/** The same in words, beside what a control experiment must show. */
export function verdictText(verdict: Verdict, expected: Verdict | null): string {
  if (expected === null) return verdict;
  return verdict === expected ? `${verdict}, as it must` : `${verdict}, must be ${expected}`;
}
