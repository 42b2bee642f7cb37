/** Scores are 1, 2, …, 10, as in AVA. */
export const SCORES = 10;

/**
 * How often each score 1 … 10 was given to a photo: counts, or parts of one vote.
 * At least one of the ten is not zero.
 */
export type Votes = readonly number[];

/** The share of each score: [10], sum 1. */
export function sharesOf(votes: Votes): number[] {
  const sum = votes.reduce((total, count) => total + count, 0);
  return votes.map((count) => count / sum);
}

/**
 * One vote with a given mean, for photos of which only a mean score is known: it is parted between
 * the two scores next to the mean. score: 1 … 10 → [10], sum 1.
 */
export function votesOfMean(score: number): number[] {
  const votes = new Array<number>(SCORES).fill(0);
  const lower = Math.min(Math.floor(score), SCORES - 1);
  votes[lower - 1] = lower + 1 - score;
  votes[lower] = score - lower;
  return votes;
}

/**
 * Votes on another scale, from the lowest score to the highest, on the scale 1 … 10: each is parted
 * between the scores next to its place, so that means keep their places. counts: [k], k ≥ 2 → [10].
 */
export function votesOfBins(counts: readonly number[]): number[] {
  const votes = new Array<number>(SCORES).fill(0);
  counts.forEach((count, bin) => {
    const place = 1 + ((SCORES - 1) * bin) / (counts.length - 1);
    votesOfMean(place).forEach((share, score) => (votes[score]! += share * count));
  });
  return votes;
}
