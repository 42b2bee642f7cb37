import { defineUnary, execute, ints } from '../native.ts';
import { type Tensor, type Tensor4D, tf } from '../tensorflow.ts';
import { convolutionAttributes, type WindowOptions } from './convolution-attributes.ts';
import { type Padding, zeroPad } from './spatial.ts';

/*
 * oneDNN makes 16 output channels at a time, and leaves the rest of them unused where a convolution has fewer,
 * as the last one of the resizer has, which makes 3. Here the channels of neighbouring pixels of a row stand
 * side by side instead: a filter [kh, kw, in, out] becomes [kh, kw + g − 1, in, g · out], g times the same one, each
 * a column farther to the right, and goes g columns at a time. A third of the time, for all the zeros in it.
 */

/** Output channels that are made at a time. */
const LANES = 16;

interface Attributes {
  padding: WindowOptions['padding'];
  /** The same, in pixels. */
  zeros: Padding;
  /** g, pixels that are made at once. */
  together: number;
}

/** How many pixels of a row of the output are best made at once. */
export function pixelsTogether(outputs: number, width: number): number {
  return [4, 2].find((count) => count * outputs <= LANES && width % count === 0) ?? 1;
}

function repeated(filter: Tensor, together: number): Tensor {
  const shifted = Array.from({ length: together }, (_, i) =>
    tf.pad(filter as Tensor4D, [
      [0, 0],
      [i, together - 1 - i],
      [0, 0],
      [0, 0],
    ]),
  );
  return tf.concat(shifted, 3);
}

/** The sum of the gradients of all repetitions. */
function collected(gradient: Tensor4D, [height, width, inputs, outputs]: readonly number[]): Tensor {
  const together = gradient.shape[3] / outputs!;
  const parts = Array.from({ length: together }, (_, i) =>
    tf.slice(gradient, [0, i, 0, i * outputs!], [height!, width!, inputs!, outputs!]),
  );
  return tf.addN(parts);
}

const narrowOp = defineUnary<{ x: Tensor; filter: Tensor }, Attributes>({
  name: 'narrowConv2d',
  saveInputs: ['x', 'filter'],
  run({ x, filter }, { zeros, together }) {
    const attributes = convolutionAttributes({ stride: [1, together], padding: zeros });
    const y = execute('Conv2D', attributes, [x, repeated(filter, together)]);
    const [batch, height, width] = y.shape as [number, number, number];
    return tf.reshape(y, [batch, height, width * together, filter.shape[3]!]);
  },
  gradient: ([dy], [x, filter], { padding, zeros, together }) => ({
    // The input has channels enough; and oneDNN has no gradient with padding in pixels, but one with `same`.
    x: () => {
      const attributes = convolutionAttributes({ stride: 1, padding });
      return execute('Conv2DBackpropInput', attributes, [ints(x!.shape), filter!, dy!]);
    },
    filter: () => {
      const [height, width, inputs, outputs] = filter!.shape as [number, number, number, number];
      const shape = [height, width + together - 1, inputs, together * outputs];
      const [batch, rows, columns] = dy!.shape as [number, number, number];
      const attributes = convolutionAttributes({ stride: [1, together], padding: 'valid' });
      const gradient = execute('Conv2DBackpropFilter', attributes, [
        zeroPad(x as Tensor4D, zeros),
        ints(shape),
        tf.reshape(dy!, [batch, rows, columns / together, together * outputs]),
      ]);
      return collected(gradient as Tensor4D, filter!.shape);
    },
  }),
});

/**
 * Convolution of stride 1 with few output channels.
 * @param x [batch, h, w, in]
 * @param filter [kh, kw, in, out]
 * @param options together: divides the width of the output (see {@link pixelsTogether})
 */
export function narrowConv2d(x: Tensor4D, filter: Tensor4D, options: Attributes): Tensor4D {
  return narrowOp({ x, filter }, options) as Tensor4D;
}
