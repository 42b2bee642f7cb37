import { attribute, defineUnary, execute, T } from '../native.ts';
import { type Tensor, type Tensor4D, tf } from '../tensorflow.ts';
import { concat } from './concat.ts';
import { type Padding, sample, subsample, zeroPad } from './spatial.ts';

/*
 * Convolutions as products of matrices. oneDNN's convolutions lay a filter out anew each time that they
 * run; products take it as it is. That costs them nothing where pixels are many, and decides where they
 * are few: there the filter is most of what is read.
 */

/** Up to so many output pixels (of all images) the product of filter and pixels beats the convolution. */
const FEW_PIXELS = 512;
/** From so many on, a long sum over pixels is faster in TensorFlow's MatMul than in its BatchMatMul. */
const MANY_PIXELS = 1024;

const flat = (x: Tensor) => tf.reshape(x, [-1, x.shape.at(-1)!]);

function matMul(a: Tensor, b: Tensor, transposeA = false): Tensor {
  const attributes = [T, attribute.bool('transpose_a', transposeA), attribute.bool('transpose_b', false)];
  return execute('MatMul', attributes, [a, b]);
}

/** By the kernel of BatchMatMul, for a batch of one. */
function batchMatMul(a: Tensor, b: Tensor, { adjoint }: { adjoint: 'x' | 'y' }): Tensor {
  const attributes = [T, attribute.bool('adj_x', adjoint === 'x'), attribute.bool('adj_y', adjoint === 'y')];
  return execute(
    'BatchMatMulV2',
    attributes,
    [a, b].map((x) => tf.reshape(x, [1, ...x.shape])),
  );
}

const pixelsOf = ({ shape: [batch, height, width] }: Tensor) => batch * height! * width!;

const pointwiseOp = defineUnary<{ x: Tensor; filter: Tensor }, object>({
  name: 'pointwiseConv2d',
  saveInputs: ['x', 'filter'],
  run({ x, filter }) {
    if (pixelsOf(x) > FEW_PIXELS) return execute('Conv2D', unitWindow, [x, filter]);
    return tf.reshape(matMul(flat(x), flat(filter)), [...x.shape.slice(0, 3), filter.shape[3]!]);
  },
  gradient: ([dy], [x, filter]) => ({
    x: () => tf.reshape(batchMatMul(flat(dy!), flat(filter!), { adjoint: 'y' }), x!.shape),
    filter: () => {
      const [rows, columns] = [flat(x!), flat(dy!)];
      const product =
        pixelsOf(x!) < MANY_PIXELS
          ? batchMatMul(rows, columns, { adjoint: 'x' })
          : matMul(rows, columns, true);
      return tf.reshape(product, filter!.shape);
    },
  }),
});

const unitWindow = [
  T,
  attribute.ints('strides', [1, 1, 1, 1]),
  attribute.string('data_format', 'NHWC'),
  attribute.string('padding', 'VALID'),
];

/** Convolution with a filter [1, 1, in, out]. */
export function pointwiseConv2d(x: Tensor4D, filter: Tensor4D, { stride }: { stride: number }): Tensor4D {
  return pointwiseOp({ x: subsample(x, stride), filter }, {}) as Tensor4D;
}

/** Convolution as one product of the filter [kh, kw, in, out] with the patches under it, which are copied. */
export function patchConv2d(
  x: Tensor4D,
  filter: Tensor4D,
  { stride, padding, size }: { stride: number; padding: Padding; size: readonly [number, number] },
): Tensor4D {
  const [height, width, inputs, outputs] = filter.shape;
  const padded = zeroPad(x, padding);
  const taps = Array.from({ length: height * width }, (_, i) =>
    sample(padded, { top: Math.floor(i / width), left: i % width, stride, size }),
  );
  const kernel: Tensor4D = tf.reshape(filter, [1, 1, height * width * inputs, outputs]);
  return pointwiseConv2d(concat(taps), kernel, { stride: 1 });
}
