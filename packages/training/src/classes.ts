import { trueLabelRanks } from '@resizer-lab/metrics';
import type { Example } from './evaluate.ts';

/** What a classifier said of one photo. */
export interface ClassPrediction {
  label: number;
  /** The class of the highest logit. */
  predicted: number;
  /** Place of the true label among the logits, 1 the highest: top-k is right when rank ≤ k. */
  rank: number;
  /** −log softmax(logits) at the label. */
  loss: number;
}

/** Judges one photo by its label. logits: [classes]. */
export function judgeClass(logits: Float32Array, { batch, place }: Example): ClassPrediction {
  const label = batch.labels[place]!;
  const predicted = logits.reduce((best, score, k) => (score > logits[best]! ? k : best), 0);
  const highest = logits[predicted]!;
  const sum = logits.reduce((total, score) => total + Math.exp(score - highest), 0);
  return {
    label,
    rank: trueLabelRanks(logits, [label])[0]!,
    predicted,
    loss: Math.log(sum) + highest - logits[label]!,
  };
}
