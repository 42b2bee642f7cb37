import { UserError } from '@resizer-lab/base';
import { checkCount, checkNumbers, type Numbers } from './checks.ts';
import type { Proportion } from './proportion.ts';

/**
 * The rank of the true label in each row of scores: 1 + the number of other classes that score at
 * least as high. Ties count against the network, so one that gives every class the same score is
 * always wrong.
 * scores: [n × classes] row by row (logits or probabilities); labels: [n] → ranks [n], 1 … classes.
 * @throws UserError for no labels, scores that do not divide into n rows, a label outside its row, NaN.
 */
export function trueLabelRanks(scores: Numbers, labels: Numbers): Int32Array {
  const classes = classesOf(scores, labels);
  return Int32Array.from({ length: labels.length }, (_, row) => {
    const start = row * classes;
    const own = scores[start + labels[row]!]!;
    let rank = 0;
    for (let j = start; j < start + classes; j++) if (scores[j]! >= own) rank++;
    return rank;
  });
}

/** Whether each true label is among the best k. ranks: [n] of {@link trueLabelRanks}. */
export function correctAt(ranks: Numbers, k: number): boolean[] {
  checkCount('top-k: k', k, [1, Number.MAX_SAFE_INTEGER]);
  checkNumbers('ranks', ranks);
  return Array.from(ranks, (rank) => rank <= k);
}

/** The top-k error as a count of wrong items, for {@link wilsonInterval}. ranks: [n], k ≥ 1. */
export function topKErrors(ranks: Numbers, k: number): Proportion {
  const wrong = correctAt(ranks, k).filter((right) => !right);
  return { count: wrong.length, n: ranks.length };
}

/**
 * The number of classes of rows of scores, one row a label.
 * @throws UserError for no labels, scores that do not divide into rows, a label outside its row, NaN.
 */
export function classesOf(scores: Numbers, labels: Numbers): number {
  const classes = classesIn(scores, labels.length);
  for (let i = 0; i < labels.length; i++) checkCount(`labels[${i}]`, labels[i]!, [0, classes - 1]);
  return classes;
}

/** The length of each of so many rows. @throws UserError for scores that do not divide into rows, or NaN. */
export function classesIn(scores: Numbers, rows: number): number {
  const classes = scores.length / rows;
  if (!Number.isInteger(classes) || classes < 1) {
    throw new UserError(`${scores.length} scores do not divide into ${rows} rows`);
  }
  checkNumbers('scores', scores);
  return classes;
}
