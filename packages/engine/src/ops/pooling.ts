import { attribute, defineUnary, execute, ints, type OpAttribute, T } from '../native.ts';
import { type Tensor, type Tensor2D, type Tensor4D, tf } from '../tensorflow.ts';
import type { Padding } from './spatial.ts';

export interface PoolOptions {
  size: number;
  stride: number;
  /** Zeros (or −∞) of `same` padding count neither in a maximum nor in an average. */
  padding: 'same' | 'valid';
}

type Window = Omit<PoolOptions, 'padding'> & { padding: PoolOptions['padding'] | 'explicit' };

export const poolAttributes = ({ size, stride, padding }: Window): OpAttribute[] => [
  T,
  attribute.ints('ksize', [1, size, size, 1]),
  attribute.ints('strides', [1, stride, stride, 1]),
  attribute.string('padding', padding.toUpperCase()),
  attribute.string('data_format', 'NHWC'),
];

export interface MaxPoolOptions extends Omit<PoolOptions, 'padding'> {
  /** As in {@link PoolOptions}, or given by side; it counts in no maximum. */
  padding: PoolOptions['padding'] | Padding;
}

const maxPoolOp = defineUnary<{ x: Tensor }, MaxPoolOptions>({
  name: 'maxPool',
  saveInputs: ['x'],
  saveOutputs: [true],
  run({ x }, { padding, ...window }) {
    if (typeof padding === 'string') return execute('MaxPool', poolAttributes({ ...window, padding }), [x]);
    const { top, bottom, left, right } = padding;
    const attributes = [
      ...poolAttributes({ ...window, padding: 'explicit' }),
      attribute.ints('explicit_paddings', [0, 0, top, bottom, left, right, 0, 0]),
    ];
    return execute('MaxPool', attributes, [x]);
  },
  gradient: ([dy], [x, y], { padding, ...window }) => ({
    x() {
      const gradient = (image: Tensor, zeros: PoolOptions['padding']) =>
        execute('MaxPoolGrad', poolAttributes({ ...window, padding: zeros }), [image, y!, dy!]);
      if (typeof padding === 'string') return gradient(x!, padding);
      // TensorFlow's own gradient with explicit padding takes five times as long as one of a padded image.
      const { top, bottom, left, right } = padding;
      const around: [number, number][] = [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ];
      return tf.slice(gradient(tf.pad(x!, around, LOWEST), 'valid'), [0, top, left, 0], x!.shape);
    },
  }),
});

/** The smallest float32 but −∞. */
const LOWEST = -(2 - 2 ** -23) * 2 ** 127;

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
export function maxPool(x: Tensor4D, options: MaxPoolOptions): Tensor4D {
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
