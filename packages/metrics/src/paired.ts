import {
  checkCount,
  checkSameLength,
  levelOf,
  type Confidence,
  type Estimate,
  type OpenEstimate,
} from './checks.ts';
import { bootstrap, type BootstrapOptions } from './bootstrap.ts';
import { bisect, fairBinomialCdf, fairBinomialPmf, normalQuantile } from './probability.ts';

/** Two classifiers on the same items, counted by who was right. */
export interface PairedOutcomes {
  readonly both: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly neither: number;
}

/**
 * Counts who was right. first, second: [n], the same items in the same order.
 * @throws UserError for lists of different lengths.
 */
export function pairOutcomes(first: readonly boolean[], second: readonly boolean[]): PairedOutcomes {
  checkSameLength('pairOutcomes', [first.length, second.length]);
  const counts = { both: 0, onlyFirst: 0, onlySecond: 0, neither: 0 };
  first.forEach((a, i) => {
    const b = second[i]!;
    counts[a && b ? 'both' : a ? 'onlyFirst' : b ? 'onlySecond' : 'neither']++;
  });
  return counts;
}

/**
 * McNemar's test that two classifiers err equally often, exact: the two-sided binomial p value
 * 2 P(X ≤ min(b, c)), X ~ Binomial(b + c, ½), over the items that only one of them got right.
 * `midP` counts only half of P(X = min(b, c)): less conservative (Fagerland, Lydersen & Laake 2013).
 * 1 if they never disagree.
 * @throws UserError unless the counts are whole and not negative.
 */
export function mcnemar(outcomes: PairedOutcomes, { midP = false }: { midP?: boolean } = {}): number {
  checkOutcomes(outcomes);
  const { onlyFirst, onlySecond } = outcomes;
  const n = onlyFirst + onlySecond;
  const fewer = Math.min(onlyFirst, onlySecond);
  const oneSided = fairBinomialCdf(fewer, n) - (midP ? fairBinomialPmf(fewer, n) / 2 : 0);
  return Math.min(1, 2 * oneSided);
}

/**
 * The error rate of the first classifier minus that of the second (negative: the first is better),
 * with Tango's score interval for paired proportions (Tango 1998; recommended by Fagerland, Lydersen
 * & Laake 2014). The bounds are the differences δ at which the score statistic equals ±z:
 * (c - b - nδ) / √(n (2q + δ(1-δ))), q the proportion of one discordant cell that is most likely
 * under δ. Keeps its coverage when the classifiers hardly ever disagree.
 * @throws UserError unless the counts are whole, not negative, and not all zero.
 */
export function pairedErrorDifference(outcomes: PairedOutcomes, options: Confidence = {}): Estimate {
  checkOutcomes(outcomes);
  const { both, onlyFirst, onlySecond, neither } = outcomes;
  const n = both + onlyFirst + onlySecond + neither;
  checkCount('paired items', n, [1, Number.MAX_SAFE_INTEGER]);
  const z = normalQuantile(0.5 + levelOf(options) / 2);
  const value = (onlySecond - onlyFirst) / n;
  const score = (difference: number) => scoreStatistic(difference, { n, more: onlySecond, fewer: onlyFirst });
  return {
    value,
    low: bisect([-1, value], (difference) => score(difference) > z),
    high: bisect([value, 1], (difference) => score(difference) > -z),
  };
}

/** Tango's score of a difference d, and its limit where the variance under d vanishes (d = ±1). */
function scoreStatistic(d: number, { n, more, fewer }: { n: number; more: number; fewer: number }): number {
  const linear = -(more + fewer) + (2 * n - more + fewer) * d;
  const constant = -fewer * d * (1 - d);
  const q = (Math.sqrt(Math.max(0, linear * linear - 8 * n * constant)) - linear) / (4 * n);
  const surplus = more - fewer - n * d;
  return surplus === 0 ? 0 : surplus / Math.sqrt(Math.max(0, n * (2 * q + d * (1 - d))));
}

/**
 * The same difference with a paired bootstrap interval. first, second: [n], whether each item was right.
 * @throws UserError for lists of different lengths or fewer than 2 items.
 */
export function bootstrapErrorDifference(
  [first, second]: readonly [readonly boolean[], readonly boolean[]],
  options: BootstrapOptions,
): OpenEstimate {
  checkSameLength('bootstrapErrorDifference', [first.length, second.length]);
  const differences = Int8Array.from(first, (right, i) => Number(second[i]) - Number(right));
  return bootstrap(
    differences.length,
    (indices) => {
      let sum = 0;
      for (const index of indices) sum += differences[index]!;
      return sum / indices.length;
    },
    options,
  );
}

function checkOutcomes(outcomes: PairedOutcomes): void {
  for (const [name, count] of Object.entries(outcomes)) {
    checkCount(`paired outcomes: ${name}`, count as number, [0, Number.MAX_SAFE_INTEGER]);
  }
}
