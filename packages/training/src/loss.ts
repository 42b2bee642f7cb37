import {
  int32,
  softmaxCrossEntropy,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tf,
} from '@resizer-lab/engine';
import type { Objective } from './objective.ts';

/**
 * Mean over the batch of the cross entropy between softmax(logits) and the smoothed targets,
 * 1 − s + s/K for the label and s/K elsewhere (label smoothing, Szegedy et al. 2016, section 7).
 */
export function crossEntropy(logits: Tensor2D, labels: Tensor1D, smoothing: number): Tensor {
  const classes = logits.shape[1];
  const off = smoothing / classes;
  const targets = tf.oneHot(labels, classes, 1 - smoothing + off, off, 'float32') as Tensor2D;
  return tf.mean(softmaxCrossEntropy(logits, targets));
}

/**
 * To say the class of a photo: targets `labels` [batch], loss {@link crossEntropy}.
 * @param options labelSmoothing: share of the target that is spread over all classes
 */
export function classObjective({ labelSmoothing }: { labelSmoothing: number }): Objective {
  return {
    targets: (batch) => ({ labels: int32(batch) }),
    targetsOf: ({ labels }) => ({ labels }),
    loss: (logits, { labels }) => crossEntropy(logits, labels as Tensor1D, labelSmoothing),
  };
}
