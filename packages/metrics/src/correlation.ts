import { checkPair, type Numbers } from './checks.ts';
import { averageRanks, denseRanks } from './ranks.ts';

/**
 * Pearson's linear correlation (PLCC). x, y: [n], n ≥ 2 → -1 … 1, or null if all x or all y are equal.
 * @throws UserError for lists of different lengths, fewer than 2 values, NaN.
 */
export function pearson(x: Numbers, y: Numbers): number | null {
  checkPair('pearson', [x, y], 2);
  return isConstant(x) || isConstant(y) ? null : linear(x, y);
}

/**
 * Spearman's rank correlation (SRCC): Pearson's correlation of the ranks, ties sharing their average
 * rank. x, y: [n], n ≥ 2 → -1 … 1, or null if all x or all y are equal.
 * @throws UserError for lists of different lengths, fewer than 2 values, NaN.
 */
export function spearman(x: Numbers, y: Numbers): number | null {
  checkPair('spearman', [x, y], 2);
  return isConstant(x) || isConstant(y) ? null : linear(ranked(x), ranked(y));
}

/**
 * Kendall's rank correlation τ-b (KRCC): (concordant - discordant) / √((P - Tx)(P - Ty)), P the number
 * of pairs and T those tied in a list. O(n log n): the discordant pairs are the inversions of y sorted
 * by x, counted by a merge sort (Knight 1966). x, y: [n], n ≥ 2 → -1 … 1, or null if all x or all y are
 * equal.
 * @throws UserError for lists of different lengths, fewer than 2 values, NaN.
 */
export function kendall(x: Numbers, y: Numbers): number | null {
  checkPair('kendall', [x, y], 2);
  if (isConstant(x) || isConstant(y)) return null;
  const order = Int32Array.from({ length: x.length }, (_, i) => i);
  order.sort((i, j) => x[i]! - x[j]! || y[i]! - y[j]!);
  const tiedX = tiedPairs(order, (i, j) => x[i] === x[j]);
  const tiedBoth = tiedPairs(order, (i, j) => x[i] === x[j] && y[i] === y[j]);
  const byY = Float64Array.from(order, (i) => y[i]!);
  const discordant = sortCountingInversions(byY);
  const tiedY = tiedPairs([...byY.keys()], (i, j) => byY[i] === byY[j]);
  const pairs = (x.length * (x.length - 1)) / 2;
  const concordant = pairs - tiedX - tiedY + tiedBoth - discordant;
  return clamp((concordant - discordant) / Math.sqrt(pairs - tiedX) / Math.sqrt(pairs - tiedY));
}

/**
 * Root mean square error. x, y: [n], n ≥ 1.
 * @throws UserError for lists of different lengths, no values, NaN.
 */
export function rmse(x: Numbers, y: Numbers): number {
  checkPair('rmse', [x, y]);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i]! - y[i]!) ** 2;
  return Math.sqrt(sum / x.length);
}

function ranked(values: Numbers): Float64Array {
  return averageRanks(
    denseRanks(values),
    Int32Array.from({ length: values.length }, (_, i) => i),
  );
}

function linear(x: Numbers, y: Numbers): number {
  const meanX = meanOf(x);
  const meanY = meanOf(y);
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < x.length; i++) {
    const dx = x[i]! - meanX;
    const dy = y[i]! - meanY;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return clamp(xy / Math.sqrt(xx) / Math.sqrt(yy));
}

function meanOf(values: Numbers): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

function isConstant(values: Numbers): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

/** Rounding may leave a perfect correlation a last bit beyond 1. */
function clamp(correlation: number): number {
  return Math.max(-1, Math.min(1, correlation));
}

/** The number of pairs within runs of neighbours that are tied. */
function tiedPairs(order: ArrayLike<number>, tied: (i: number, j: number) => boolean): number {
  let pairs = 0;
  let run = 1;
  for (let k = 1; k <= order.length; k++) {
    if (k < order.length && tied(order[k - 1]!, order[k]!)) run++;
    else {
      pairs += (run * (run - 1)) / 2;
      run = 1;
    }
  }
  return pairs;
}

/** Sorts in place and counts the pairs that stood in the wrong order (bottom-up merge sort). */
function sortCountingInversions(values: Float64Array): number {
  const merged = new Float64Array(values.length);
  let inversions = 0;
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length);
      const end = Math.min(start + 2 * width, values.length);
      let left = start;
      let right = middle;
      for (let k = start; k < end; k++) {
        if (left < middle && (right >= end || values[left]! <= values[right]!)) {
          merged[k] = values[left++]!;
        } else {
          inversions += middle - left;
          merged[k] = values[right++]!;
        }
      }
    }
    values.set(merged);
  }
  return inversions;
}
