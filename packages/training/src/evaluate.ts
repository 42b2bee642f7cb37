import { UserError } from '@resizer-lab/base';
import type { Loader } from '@resizer-lab/datasets';
import type { Program } from '@resizer-lab/engine';
import { trueLabelRanks } from '@resizer-lab/metrics';

/** What a classifier said of one photo. */
export interface Prediction {
  /** Place of the photo in its split. */
  index: number;
  label: number;
  /** The class of the highest logit. */
  predicted: number;
  /** Place of the true label among the logits, 1 the highest: top-k is right when rank ≤ k. */
  rank: number;
  /** −log softmax(logits) at the label. */
  loss: number;
}

/**
 * Runs `predict` of a program over a split; each photo counts once, in the split's order.
 * @throws UserError where a logit is not finite: the network diverged
 */
export async function evaluate(
  program: Program,
  loader: Loader,
  onBatch: (photos: number) => void = () => undefined,
): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  for await (const { images, labels, mask, indices } of loader.epoch(0)) {
    const logits = program.run('predict', { images })['logits'] as Float32Array;
    const classes = logits.length / mask.length;
    const broken = logits.findIndex((logit) => !Number.isFinite(logit));
    if (broken >= 0) {
      const photo = indices[Math.floor(broken / classes)];
      throw new UserError(
        `Evaluation failed: a logit of test photo ${photo} is ${logits[broken]}. Training diverged; a lower learning rate may help.`,
      );
    }
    const ranks = trueLabelRanks(logits, labels);
    mask.forEach((real, i) => {
      if (real === 0) return;
      const scores = logits.subarray(i * classes, (i + 1) * classes);
      const label = labels[i]!;
      predictions.push({ index: indices[i]!, label, rank: ranks[i]!, ...judge(scores, label) });
    });
    onBatch(predictions.length);
  }
  return predictions.sort((a, b) => a.index - b.index);
}

function judge(logits: Float32Array, label: number): Pick<Prediction, 'predicted' | 'loss'> {
  const predicted = logits.reduce((best, score, k) => (score > logits[best]! ? k : best), 0);
  const highest = logits[predicted]!;
  const sum = logits.reduce((total, score) => total + Math.exp(score - highest), 0);
  return { predicted, loss: Math.log(sum) + highest - logits[label]! };
}
