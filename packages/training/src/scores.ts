import { SCORES } from '@resizer-lab/datasets';
import type { Example } from './evaluate.ts';

/** What a model said of how people scored one photo. Shares are [10], of the scores 1 … 10. */
export interface ScorePrediction {
  /** Mean of the predicted shares. */
  predicted: number;
  /** softmax(logits). */
  shares: number[];
  /** Mean of the true shares. */
  truth: number;
  trueShares: number[];
}

/** Judges one photo by the votes on it. logits: [10]. */
export function judgeScores(logits: Float32Array, { batch, place }: Example): ScorePrediction {
  const highest = logits.reduce((max, logit) => Math.max(max, logit), -Infinity);
  const exponentials = Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = exponentials.reduce((total, e) => total + e, 0);
  const shares = exponentials.map((e) => e / sum);
  const trueShares = [...batch.scores.subarray(place * SCORES, (place + 1) * SCORES)];
  return { predicted: meanOf(shares), shares, truth: meanOf(trueShares), trueShares };
}

function meanOf(shares: readonly number[]): number {
  return shares.reduce((total, share, i) => total + share * (i + 1), 0);
}
