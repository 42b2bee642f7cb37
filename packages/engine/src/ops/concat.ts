import { attribute, defineOp, defineUnary, execute, INT32, ints, T } from '../native.ts';
import { type Tensor, type Tensor4D, tf } from '../tensorflow.ts';

const slice = (x: Tensor, begin: number[], size: number[]) =>
  execute('Slice', [T, attribute.type('Index', INT32)], [x, ints(begin), ints(size)]);

function joined(tensors: readonly Tensor[], axis: number): Tensor {
  const attributes = [attribute.int('N', tensors.length), attribute.type('Tidx', INT32), T];
  return execute('ConcatV2', attributes, [...tensors, tf.scalar(axis, 'int32')]);
}

/** By name, as TF.js has the inputs of an op: the first part is `part0`. */
type Parts = Record<`part${number}`, Tensor>;

const concatOp = defineUnary<Parts, { channels: number[] }>({
  name: 'concat',
  run: (parts) => joined(Object.values(parts), 3),
  gradient: ([dy], _, { channels }) => {
    const [batch, height, width, all] = dy!.shape as [number, number, number, number];
    const rows = tf.reshape(dy!, [batch * height * width, all]);
    let start = 0;
    return Object.fromEntries(
      channels.map((count, i) => {
        const begin = start;
        start += count;
        // TensorFlow's Split goes through wide rows at half the speed of slices.
        const part = () =>
          tf.reshape(slice(rows, [0, begin], [rows.shape[0], count]), [batch, height, width, count]);
        return [`part${i}`, part];
      }),
    );
  },
});

/** Channels of images side by side: parts [batch, h, w, channels of its own] → [batch, h, w, sum of them]. */
export function concat(parts: readonly Tensor4D[]): Tensor4D {
  if (parts.length === 1) return parts[0]!;
  const named = Object.fromEntries(parts.map((part, i) => [`part${i}`, part]));
  return concatOp(named, { channels: parts.map(({ shape }) => shape[3]) }) as Tensor4D;
}

const splitOp = defineOp<{ x: Tensor }, { sizes: readonly number[] }>({
  name: 'split',
  run({ x }, { sizes }) {
    let start = 0;
    return sizes.map((size) => {
      const part = slice(x, [start, ...x.shape.slice(1).map(() => 0)], [size, ...x.shape.slice(1)]);
      start += size;
      return part;
    });
  },
  gradient: (dy) => ({ x: () => joined(dy, 0) }),
});

/** Pieces of x along its first axis, of the sizes given: x [sum of sizes, …] → [size, …] each. */
export function split<X extends Tensor>(x: X, sizes: readonly number[]): X[] {
  return sizes.length === 1 ? [x] : (splitOp({ x }, { sizes }) as X[]);
}
