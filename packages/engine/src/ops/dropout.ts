import { attribute, defineOp, execute, FLOAT, INT32, ints } from '../native.ts';
import { type Tensor, tf } from '../tensorflow.ts';

export interface DropoutOptions {
  /** Share of the units that is left out: 0 ≤ rate < 1. */
  rate: number;
  /** Units that fall together: one for each element, or one for each example (the first axis). */
  unit?: 'element' | 'example';
}

/** The random numbers are a function of seed and shape alone (Philox 4×32, Salmon et al. 2011). */
function uniforms(shape: readonly number[], seed: Tensor): Tensor {
  const types = { dtype: FLOAT, T: INT32, Tseed: INT32 };
  const attributes = Object.entries(types).map(([name, type]) => attribute.type(name, type));
  return execute('StatelessRandomUniform', attributes, [ints(shape), seed]);
}

/** Second output: what x was multiplied by, 0 or 1 / (1 − rate). */
const dropoutOp = defineOp<{ x: Tensor; seed: Tensor }, Required<DropoutOptions>>({
  name: 'dropout',
  saveOutputs: [false, true],
  run: ({ x, seed }, { rate, unit }) => {
    const shape = unit === 'element' ? x.shape : x.shape.map((size, axis) => (axis === 0 ? size : 1));
    const kept = tf.cast(tf.greaterEqual(uniforms(shape, seed), tf.scalar(rate)), 'float32');
    const factor = tf.mul(kept, tf.scalar(1 / (1 - rate)));
    return [tf.mul(x, factor), factor];
  },
  gradient: ([dy], [factor]) => ({
    x: () => tf.mul(dy!, factor!),
    seed: () => {
      throw new Error('dropout has no gradient for its seed');
    },
  }),
});

/**
 * Leaves units out at random and scales the others by 1 / (1 − rate), so that the expectation stays:
 * dropout (Srivastava et al. 2014) by element, drop-connect of a residual branch, or stochastic depth
 * (Huang et al. 2016), by example.
 * @param seed int32 [2], an input of the program: the same seed leaves out the same units
 * @throws Error for a rate outside 0 … 1
 */
export function dropout<X extends Tensor>(x: X, seed: Tensor, options: DropoutOptions): X {
  const { rate, unit = 'element' } = options;
  if (!(rate >= 0 && rate < 1)) throw new Error(`a dropout rate must be at least 0 and below 1, not ${rate}`);
  return (dropoutOp({ x, seed }, { rate, unit }) as Tensor[])[0] as X;
}
