import { backend, type Tensor, tf } from './tensorflow.ts';

/** What a checkpointed block made: its output, and the weights that it is to be differentiated by. */
export interface BlockResult<Y extends Tensor> {
  y: Y;
  weights: readonly Tensor[];
}

/** The block runs forward once, and again in the backward pass, where it must have no effects. */
export type Pass = 'forward' | 'again';

/**
 * Gradient checkpointing (Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016). Of a block,
 * a recorded step keeps the inputs alone; what the block computes on its way is computed again when the
 * backward pass gets there. The same kernels see the same values, so that results are the same.
 *
 * @param inputs float32, what the block computes from besides its weights
 * @param block must be a function of inputs and weights; it uses the inputs that it is given
 */
export function checkpointed<Y extends Tensor>(
  inputs: readonly Tensor[],
  block: (inputs: readonly Tensor[], pass: Pass) => BlockResult<Y>,
): Y {
  const { y, weights } = block(inputs, 'forward');
  const differentiated = [...inputs, ...weights];
  // The tape knows the clone only, and so goes around what the block recorded on its first run.
  const shown = tf.customGrad((...given) => {
    // What is not saved is gone when the backward pass begins.
    const save = given.at(-1) as unknown as (tensors: Tensor[]) => void;
    save([...inputs]);
    return { value: tf.clone(y), gradFunc };
  });
  const gradFunc = (dy: Tensor, saved: Tensor[]) => {
    const copies = saved.map((input) => onceThereIs(dy, input));
    const again = () => block(copies, 'again').y;
    return innerGradients(again, [...copies, ...weights], dy).map(
      (gradient, i) => gradient ?? tf.zerosLike(differentiated[i]!),
    );
  };
  return shown(...differentiated);
}

/**
 * The tensor itself, but in a recorded graph not before `needed` has been computed, and another one to
 * TensorFlow: else it would merge what is computed from it with the first run, or start at once.
 */
function onceThereIs(needed: Tensor, x: Tensor): Tensor {
  const [id, after] = backend.getInputTensorIds([x, needed]) as [number, number];
  const delayed = backend.binding.identityAfter?.(id, after);
  return delayed ? backend.createOutputTensor(delayed) : tf.clone(x);
}

/** TF.js loses the tape of a backward pass in which gradients are taken; see the test. */
function innerGradients(f: () => Tensor, xs: Tensor[], dy: Tensor): (Tensor | undefined)[] {
  const { state } = tf.engine();
  const { activeTape } = state;
  try {
    return tf.engine().gradients(f, xs, dy, true).grads;
  } finally {
    state.activeTape = activeTape;
  }
}
