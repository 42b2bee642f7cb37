import { attribute, defineUnary, execute, INT32, ints, type OpAttribute, T } from '../native.ts';
import { type Tensor, type Tensor4D, tf } from '../tensorflow.ts';

/** Zeros around an image, in pixels. */
export interface Padding {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** x [batch, h, w, channels] with zeros around it. */
export function zeroPad(x: Tensor4D, { top, bottom, left, right }: Padding): Tensor4D {
  return tf.pad(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
}

/** Every `stride`-th pixel of the window that starts at [top, left] and has `size` = [height, width] of them. */
interface Window {
  top: number;
  left: number;
  stride: number;
  size: readonly [number, number];
}

/** Attributes of TensorFlow's StridedSlice for a plain begin, end and stride. */
const plain: OpAttribute[] = [
  T,
  attribute.type('Index', INT32),
  ...['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'].map((mask) =>
    attribute.int(mask, 0),
  ),
];

function bounds(shape: readonly number[], { top, left, stride, size: [height, width] }: Window): Tensor[] {
  const [batch, , , channels] = shape as [number, number, number, number];
  const end = [batch, top + (height - 1) * stride + 1, left + (width - 1) * stride + 1, channels];
  return [ints([0, top, left, 0]), ints(end), ints([1, stride, stride, 1])];
}

const sampleOp = defineUnary<{ x: Tensor }, Window>({
  name: 'sample',
  saveInputs: ['x'],
  run: ({ x }, window) => execute('StridedSlice', plain, [x, ...bounds(x.shape, window)]),
  gradient: ([dy], [x], window) => ({
    x: () => execute('StridedSliceGrad', plain, [ints(x!.shape), ...bounds(x!.shape, window), dy!]),
  }),
});

/** A window of x [batch, h, w, channels], strided. @returns [batch, ...size, channels] */
export function sample(x: Tensor4D, window: Window): Tensor4D {
  return sampleOp({ x }, window) as Tensor4D;
}
