import { attribute, defineOp, defineUnary, execute, type OpAttribute, T } from '../native.ts';
import { type Tensor, tf } from '../tensorflow.ts';

interface Operand {
  x: Tensor;
}

/** A rectifier's gradient can be read off its output, so that the input need not be kept. */
function defineRectifier(name: string, op: string) {
  const attributes = (alpha?: number): OpAttribute[] =>
    alpha === undefined ? [T] : [T, attribute.float('alpha', alpha)];
  return defineUnary<Operand, { alpha?: number }>({
    name,
    saveOutputs: [true],
    run: ({ x }, { alpha }) => execute(op, attributes(alpha), [x]),
    gradient: ([dy], [y], { alpha }) => ({ x: () => execute(`${op}Grad`, attributes(alpha), [dy!, y!]) }),
  });
}

const reluOp = defineRectifier('relu', 'Relu');
const relu6Op = defineRectifier('relu6', 'Relu6');
const leakyReluOp = defineRectifier('leakyRelu', 'LeakyRelu');

const sigmoidOp = defineUnary<Operand, object>({
  name: 'sigmoid',
  saveOutputs: [true],
  run: ({ x }) => execute('Sigmoid', [T], [x]),
  gradient: ([dy], [y]) => ({ x: () => execute('SigmoidGrad', [T], [y!, dy!]) }),
});

/** Second output: sigmoid(x), which the gradient needs. */
const swishOp = defineOp<Operand, object>({
  name: 'swish',
  saveOutputs: [true, true],
  run: ({ x }) => {
    const gate = execute('Sigmoid', [T], [x]);
    return [tf.mul(x, gate), gate];
  },
  // (x · σ)′ = σ + x · σ · (1 − σ) = σ + y − y · σ
  gradient: ([dy], [y, gate]) => ({
    x: () => tf.mul(dy!, tf.add(gate!, tf.sub(y!, tf.mul(y!, gate!)))),
  }),
});

/** max(x, 0), gradient 0 at 0. */
export function relu<X extends Tensor>(x: X): X {
  return reluOp({ x }, {}) as X;
}

/** min(max(x, 0), 6), gradient 0 at 0 and at 6. */
export function relu6<X extends Tensor>(x: X): X {
  return relu6Op({ x }, {}) as X;
}

/** x for x > 0, else alpha · x. */
export function leakyRelu<X extends Tensor>(x: X, alpha = 0.2): X {
  return leakyReluOp({ x }, { alpha }) as X;
}

/** 1 / (1 + exp(-x)) */
export function sigmoid<X extends Tensor>(x: X): X {
  return sigmoidOp({ x }, {}) as X;
}

/** x · sigmoid(x) (Ramachandran et al. 2017), also called SiLU. */
export function swish<X extends Tensor>(x: X): X {
  return (swishOp({ x }, {}) as Tensor[])[0] as X;
}
