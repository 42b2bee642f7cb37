import { UserError } from '@resizer-lab/base';
import { checkCount, checkNumbers, checkSameLength, type Numbers } from './checks.ts';
import { classesIn, classesOf } from './topk.ts';

/**
 * Expected calibration error: items are put into equally wide bins by confidence, (0, 1/bins], …;
 * the gap between mean confidence and accuracy of each bin is averaged with the bins' sizes as weights
 * (Guo et al. 2017, eq. 3; 15 bins there).
 * confidences: [n], 0 … 1, the probability given to the predicted class; correct: [n].
 * @throws UserError for lists of different lengths, no items, a confidence outside 0 … 1.
 */
export function expectedCalibrationError(
  confidences: Numbers,
  correct: readonly boolean[],
  { bins = 15 }: { bins?: number } = {},
): number {
  checkSameLength('expectedCalibrationError', [confidences.length, correct.length]);
  checkNumbers('confidences', confidences);
  checkCount('bins', bins, [1, 10_000]);
  const gaps = new Float64Array(bins);
  correct.forEach((right, i) => {
    const confidence = confidences[i]!;
    if (confidence < 0 || confidence > 1)
      throw new UserError(`confidences[${i}] is ${confidence}, not in 0 … 1`);
    gaps[Math.max(0, Math.ceil(confidence * bins) - 1)]! += confidence - (right ? 1 : 0);
  });
  return gaps.reduce((total, gap) => total + Math.abs(gap), 0) / correct.length;
}

/**
 * The probability of the likeliest class, max softmax, of each row. logits: [rows × classes] → [rows].
 * @throws UserError for logits that do not divide into rows, or NaN.
 */
export function topConfidences(logits: Numbers, rows: number): Float64Array {
  const classes = classesIn(logits, rows);
  return Float64Array.from({ length: rows }, (_, row) => Math.exp(-normaliser(logits, row, classes).tail));
}

/**
 * Mean negative log likelihood of the true labels, -ln softmax(logits)[label], in nats; finite for any
 * finite logits. logits: [n × classes] row by row; labels: [n].
 * @throws UserError for no labels, logits that do not divide into n rows, a label outside its row, NaN.
 */
export function negativeLogLikelihood(logits: Numbers, labels: Numbers): number {
  const classes = classesOf(logits, labels);
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    const { max, tail } = normaliser(logits, row, classes);
    sum += tail + (max - logits[row * classes + labels[row]!]!);
  }
  return sum / labels.length;
}

/** The largest logit of a row, and ln Σ exp(logit - max). */
function normaliser(logits: Numbers, row: number, classes: number): { max: number; tail: number } {
  let max = -Infinity;
  let sum = 0;
  for (let j = row * classes; j < (row + 1) * classes; j++) max = Math.max(max, logits[j]!);
  for (let j = row * classes; j < (row + 1) * classes; j++) sum += Math.exp(logits[j]! - max);
  return { max, tail: Math.log(sum) };
}
