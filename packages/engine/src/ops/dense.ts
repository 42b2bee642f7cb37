import { attribute, defineUnary, execute, T } from '../native.ts';
import { type Tensor, type Tensor1D, type Tensor2D, tf } from '../tensorflow.ts';

const product = (a: Tensor, b: Tensor, transpose: { a?: boolean; b?: boolean } = {}) =>
  execute(
    'MatMul',
    [
      T,
      attribute.bool('transpose_a', transpose.a ?? false),
      attribute.bool('transpose_b', transpose.b ?? false),
    ],
    [a, b],
  );

const matMulOp = defineUnary<{ a: Tensor; b: Tensor }, object>({
  name: 'matMul',
  saveInputs: ['a', 'b'],
  run: ({ a, b }) => product(a, b),
  gradient: ([dy], [a, b]) => ({
    a: () => product(dy!, b!, { b: true }),
    b: () => product(a!, dy!, { a: true }),
  }),
});

const format = attribute.string('data_format', 'NHWC');

const biasAddOp = defineUnary<{ x: Tensor; bias: Tensor }, { cancels: boolean }>({
  name: 'biasAdd',
  run: ({ x, bias }) => execute('BiasAdd', [T, format], [x, bias]),
  gradient: ([dy], _, { cancels }) => ({
    x: () => dy!,
    bias: () => (cancels ? tf.zeros([dy!.shape.at(-1)!]) : execute('BiasAddGrad', [T, format], [dy!])),
  }),
});

/** a · b for [n, k] and [k, m]. */
export function matMul(a: Tensor2D, b: Tensor2D): Tensor2D {
  return matMulOp({ a, b }, {}) as Tensor2D;
}

/**
 * x + bias along the last axis.
 * @param bias [channels]
 * @param options cancels: what follows does not depend on the channels' means, as a batch norm in
 * training mode does not, so that the bias' gradient is exactly zero
 */
export function biasAdd<X extends Tensor>(x: X, bias: Tensor1D, { cancels = false } = {}): X {
  return biasAddOp({ x, bias }, { cancels }) as X;
}
