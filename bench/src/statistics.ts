/** A median and the smallest and largest of what it is the median of. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

/** The middle value; of an even number of values, the mean of the middle two. @throws RangeError for none */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('there is no median of no values');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), low: Math.min(...values), high: Math.max(...values) };
}

/**
 * How many times as fast one contestant is as another: in each round, the median step of the other
 * divided by that of the one. Rounds pair what ran within seconds of each other, so that the machine's
 * slow drift cancels.
 * @param one seconds of each step, by round
 * @param other likewise, of the same rounds
 */
export function speedRatio(one: readonly number[][], other: readonly number[][]): Spread {
  return spreadOf(one.map((steps, round) => median(other[round]!) / median(steps)));
}

/** Steps in a turn of so many seconds, at least one and at most 50. */
export function stepsOfTurn(secondsPerStep: number, turnSeconds: number): number {
  return Math.min(50, Math.max(1, Math.round(turnSeconds / secondsPerStep)));
}
