import { defineOp, executeMany, T } from '../native.ts';
import { type Tensor, type Tensor1D, type Tensor2D, tf } from '../tensorflow.ts';

/** Second output: softmax(logits) − targets, the gradient that the native op computes on the way. */
const crossEntropyOp = defineOp<{ logits: Tensor; targets: Tensor }, object>({
  name: 'softmaxCrossEntropy',
  saveOutputs: [false, true],
  run: ({ logits, targets }) => executeMany('SoftmaxCrossEntropyWithLogits', [T], [logits, targets], 2),
  gradient: ([dy], [difference]) => ({
    logits: () => tf.mul(difference!, tf.reshape(dy!, [-1, 1])),
    targets: () => {
      throw new Error('softmaxCrossEntropy has no gradient for its targets');
    },
  }),
});

/**
 * −Σₖ targetₖ · log softmax(logits)ₖ of each row.
 * @param logits [batch, classes]
 * @param targets [batch, classes], rows sum to 1
 * @returns [batch]
 */
export function softmaxCrossEntropy(logits: Tensor2D, targets: Tensor2D): Tensor1D {
  return (crossEntropyOp({ logits, targets }, {}) as Tensor[])[0] as Tensor1D;
}
