import { SCORES } from '@resizer-lab/datasets';
import { float32, matMul, relu, type Tensor, type Tensor2D, tf } from '@resizer-lab/engine';
import type { Objective } from './objective.ts';

/**
 * Below this mean square, cumulative distributions differ by no more than float32 rounds them to.
 * The root has no derivative at 0; up to here the loss is flat, its gradient zero.
 */
const EQUAL = 1e-14;

/**
 * The earth mover's distance between softmax(logits) and the true distributions over ordered bins,
 * mean over the batch: (1/N Σₖ |CDFₚ(k) − CDF_q(k)|^r)^(1/r), N the bins (NIMA, Talebi & Milanfar
 * 2018, eq. 1). NIMA trains with r = 2.
 * @param logits [batch, bins]
 * @param scores [batch, bins], rows sum to 1
 * @returns scalar, 0 … 1
 */
export function earthMoversLoss(logits: Tensor2D, scores: Tensor2D, r: 1 | 2): Tensor {
  const difference = tf.sub<Tensor2D>(tf.softmax(logits), scores);
  const gaps = matMul(difference, upperTriangle(logits.shape[1]));
  if (r === 1) return tf.mean(tf.add(relu(gaps), relu(tf.neg(gaps))));
  return tf.mean(tf.sqrt(tf.maximum(tf.mean(tf.square(gaps), 1), EQUAL)));
}

/** [n, n]; multiplying a row by it gives the row's running sums. */
function upperTriangle(n: number): Tensor2D {
  const ones = Float32Array.from({ length: n * n }, (_, i) => (Math.floor(i / n) <= i % n ? 1 : 0));
  return tf.tensor2d(ones, [n, n]);
}

/** To say how people scored a photo: targets `scores` [batch, 10], loss {@link earthMoversLoss}. */
export function scoreObjective({ r }: { r: 1 | 2 }): Objective {
  return {
    targets: (batch) => ({ scores: float32(batch, SCORES) }),
    targetsOf: ({ scores }) => ({ scores }),
    loss: (logits, { scores }) => earthMoversLoss(logits, scores as Tensor2D, r),
  };
}
