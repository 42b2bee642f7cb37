import { holm, meanOverSeeds, zeroMeanP } from '@resizer-lab/metrics';
import type { Interval } from '../tables/estimates.ts';

export type ClaimVerdict = 'reproduced' | 'not reproduced' | 'inconclusive' | 'not run';

/** What a claim is judged by: an arm and its reference, once a seed. */
export interface Compared {
  /** What is compared, for people. */
  readonly name: string;
  /** One a seed; below 0 they speak for the claim. */
  readonly differences: readonly number[];
}

/** A comparison and what it says of its claim. */
export interface JudgedComparison {
  readonly name: string;
  readonly seeds: number;
  /** The mean difference, with Student's interval at 1 - alpha / comparisons: all of them hold at once. */
  readonly mean: Interval;
  /** Of Student's test over the seeds; null of one seed. */
  readonly p: number | null;
  /** By Holm, over all comparisons of the claim. */
  readonly adjusted: number;
  readonly outcome: 'for' | 'against' | 'open';
}

export interface Decision {
  readonly verdict: ClaimVerdict;
  readonly evidence: string;
  readonly comparisons: readonly JudgedComparison[];
}

/**
 * The verdict that comparisons add up to. Each is tested over its seeds (Student, paired, two-sided),
 * the p values are adjusted by Holm's step-down over all comparisons of the claim, and an adjusted p
 * below alpha decides for the side on which the mean lies; so the chance that any comparison without a
 * difference is decided is at most alpha. A comparison of too few seeds stays in the family with p = 1.
 *
 * The intervals are simultaneous (Bonferroni) and in step with the verdict in one direction: where one
 * leaves out 0 and the seeds are enough, the comparison is decided. Holm decides at least as much as they
 * do, so one that is decided may have an interval that holds 0.
 */
export function decide(
  compared: readonly Compared[],
  { seeds: needed, alpha }: { seeds: number; alpha: number },
): Decision {
  if (compared.length === 0) return { verdict: 'not run', evidence: '', comparisons: [] };
  const p = compared.map(({ differences }) => zeroMeanP(differences));
  const isEnough = compared.map(({ differences }) => differences.length >= needed);
  const adjusted = holm(p.map((each, i) => (isEnough[i] ? (each ?? 1) : 1)));
  const confidence = 1 - alpha / compared.length;
  const comparisons = compared.map(({ name, differences }, i): JudgedComparison => {
    const { value, low, high, n } = meanOverSeeds(differences, { confidence });
    const side = value < 0 ? 'for' : 'against';
    const outcome = adjusted[i]! < alpha ? side : 'open';
    return { name, seeds: n, mean: { value, low, high }, p: p[i]!, adjusted: adjusted[i]!, outcome };
  });
  return { verdict: verdictOf(comparisons), evidence: evidenceOf(comparisons, needed), comparisons };
}

const count = (comparisons: readonly JudgedComparison[], wanted: JudgedComparison['outcome']) =>
  comparisons.filter(({ outcome }) => outcome === wanted).length;

function verdictOf(comparisons: readonly JudgedComparison[]): ClaimVerdict {
  if (count(comparisons, 'against') > 0) return 'not reproduced';
  return count(comparisons, 'open') > 0 ? 'inconclusive' : 'reproduced';
}

function evidenceOf(comparisons: readonly JudgedComparison[], needed: number): string {
  const [inFavour, against, open] = (['for', 'against', 'open'] as const).map((outcome) =>
    count(comparisons, outcome),
  );
  const fewest = Math.min(...comparisons.map(({ seeds }) => seeds));
  const few = fewest < needed ? `; ${fewest} seed${fewest === 1 ? '' : 's'} of ${needed} needed` : '';
  return `${comparisons.length} compared: ${inFavour} for, ${against} against, ${open} open${few}`;
}
