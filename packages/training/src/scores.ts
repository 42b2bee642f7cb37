import { SCORES } from '@resizer-lab/datasets';
import { earthMoversDistance } from '@resizer-lab/metrics';
import type { Example } from './evaluate.ts';

/** What a model said of how people scored one photo. */
export interface ScorePrediction {
  /** Mean of the predicted shares, 1 … 10. */
  predicted: number;
  /** Mean of the true shares. */
  truth: number;
  /** The earth mover's distances between the two, r = 1 and r = 2. */
  emd1: number;
  emd2: number;
  /** Predicted share of each score 1 … 10, to a millionth. */
  shares: number[];
}

/** Judges one photo by the votes on it. logits: [10]. */
export function judgeScores(logits: Float32Array, { batch, place }: Example): ScorePrediction {
  const highest = logits.reduce((max, logit) => Math.max(max, logit), -Infinity);
  const exponentials = Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = exponentials.reduce((total, e) => total + e, 0);
  const shares = exponentials.map((e) => e / sum);
  const truth = batch.scores.subarray(place * SCORES, (place + 1) * SCORES);
  return {
    predicted: meanOf(shares),
    truth: meanOf([...truth]),
    emd1: earthMoversDistance(shares, truth, { r: 1 }),
    emd2: earthMoversDistance(shares, truth, { r: 2 }),
    shares: shares.map((share) => Math.round(share * 1e6) / 1e6),
  };
}

function meanOf(shares: readonly number[]): number {
  return shares.reduce((total, share, i) => total + share * (i + 1), 0);
}
