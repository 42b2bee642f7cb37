import { attribute, defineUnary, execute, ints, type OpAttribute, T } from '../native.ts';
import { type Tensor, type Tensor2D, type Tensor4D, tf } from '../tensorflow.ts';

export interface PoolOptions {
  size: number;
  stride: number;
  /** Zeros (or −∞) of `same` padding count neither in a maximum nor in an average. */
  padding: 'same' | 'valid';
}

export const poolAttributes = ({ size, stride, padding }: PoolOptions): OpAttribute[] => [
  T,
  attribute.ints('ksize', [1, size, size, 1]),
  attribute.ints('strides', [1, stride, stride, 1]),
  attribute.string('padding', padding.toUpperCase()),
  attribute.string('data_format', 'NHWC'),
];

const maxPoolOp = defineUnary<{ x: Tensor }, PoolOptions>({
  name: 'maxPool',
  saveInputs: ['x'],
  saveOutputs: [true],
  run: ({ x }, options) => execute('MaxPool', poolAttributes(options), [x]),
  gradient: ([dy], [x, y], options) => ({
    x: () => execute('MaxPoolGrad', poolAttributes(options), [x!, y!, dy!]),
  }),
});

const averagePoolOp = defineUnary<{ x: Tensor }, PoolOptions>({
  name: 'averagePool',
  saveInputs: ['x'],
  run: ({ x }, options) => execute('AvgPool', poolAttributes(options), [x]),
  gradient: ([dy], [x], options) => ({
    x: () => execute('AvgPoolGrad', poolAttributes(options), [ints(x!.shape), dy!]),
  }),
});

const meanOp = defineUnary<{ x: Tensor }, object>({
  name: 'globalAveragePool',
  saveInputs: ['x'],
  run: ({ x }) =>
    execute('Mean', [T, attribute.type('Tidx', 3), attribute.bool('keep_dims', false)], [x, ints([1, 2])]),
  gradient: ([dy], [x]) => ({
    x: () => {
      const [batch, height, width, channels] = x!.shape as [number, number, number, number];
      const share = tf.mul(tf.reshape(dy!, [batch, 1, 1, channels]), tf.scalar(1 / (height * width)));
      return execute('BroadcastTo', [T, attribute.type('Tidx', 3)], [share, ints(x!.shape)]);
    },
  }),
});

/** Largest value of each window. x: [batch, h, w, channels]. */
export function maxPool(x: Tensor4D, options: PoolOptions): Tensor4D {
  return maxPoolOp({ x }, options) as Tensor4D;
}

/** Mean of the pixels of each window that lie in the image. x: [batch, h, w, channels]. */
export function averagePool(x: Tensor4D, options: PoolOptions): Tensor4D {
  return averagePoolOp({ x }, options) as Tensor4D;
}

/** Mean over space: [batch, h, w, channels] → [batch, channels]. */
export function globalAveragePool(x: Tensor4D): Tensor2D {
  return meanOp({ x }, {}) as Tensor2D;
}
