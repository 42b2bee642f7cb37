import { attribute, defineUnary, execute, ints, type OpAttribute, T } from '../native.ts';
import { type Tensor, type Tensor4D, tf } from '../tensorflow.ts';

/** Zeros around an image, in pixels. */
export interface Padding {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

export interface ConvolutionOptions {
  stride?: number;
  /** TensorFlow's `same` and `valid`, or zeros given by side. Default `same`. */
  padding?: 'same' | 'valid' | Padding;
}

interface Attributes {
  stride: number;
  padding: 'same' | 'valid' | Padding;
}

interface Operands {
  x: Tensor;
  filter: Tensor;
}

function convolutionAttributes({ stride, padding }: Attributes): OpAttribute[] {
  const explicit = typeof padding === 'object';
  const attributes = [
    T,
    attribute.ints('strides', [1, stride, stride, 1]),
    attribute.ints('dilations', [1, 1, 1, 1]),
    attribute.string('data_format', 'NHWC'),
    attribute.string('padding', explicit ? 'EXPLICIT' : padding.toUpperCase()),
  ];
  if (explicit) {
    const { top, bottom, left, right } = padding;
    attributes.push(attribute.ints('explicit_paddings', [0, 0, top, bottom, left, right, 0, 0]));
  }
  return attributes;
}

/** TF.js's own backward pass refuses explicit padding; TensorFlow's takes it. */
function defineConvolution(name: string, op: string, filterGradient: FilterGradient) {
  return defineUnary<Operands, Attributes>({
    name,
    saveInputs: ['x', 'filter'],
    run: ({ x, filter }, options) => execute(op, convolutionAttributes(options), [x, filter]),
    gradient: ([dy], [x, filter], options) => ({
      x: () => execute(`${op}BackpropInput`, convolutionAttributes(options), [ints(x!.shape), filter!, dy!]),
      filter: () => filterGradient({ x: x!, dy: dy!, shape: filter!.shape }, options),
    }),
  });
}

type FilterGradient = (
  tensors: { x: Tensor; dy: Tensor; shape: readonly number[] },
  options: Attributes,
) => Tensor;

const backpropFilter =
  (op: string): FilterGradient =>
  ({ x, dy, shape }, options) =>
    execute(op, convolutionAttributes(options), [x, ints(shape), dy]);

/** The filter's gradient by the fastest way to it on a CPU. */
const conv2dFilterGradient: FilterGradient = ({ x, dy, shape }, options) => {
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  // A 1×1 convolution is a product of matrices, and so is its gradient, xᵀ · dy over all pixels.
  if (height === 1 && width === 1 && options.stride === 1 && typeof options.padding === 'string') {
    const [rows, columns] = [tf.reshape(x, [-1, inputs]), tf.reshape(dy, [-1, outputs])];
    return tf.reshape(execute('MatMul', transposedFirst, [rows, columns]), [...shape]);
  }
  // oneDNN has no filter gradient with explicit padding, TensorFlow's own is slow: pad first.
  if (typeof options.padding === 'object') {
    const { top, bottom, left, right } = options.padding;
    const padded = tf.pad(x as Tensor4D, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]);
    return backpropFilter('Conv2DBackpropFilter')({ x: padded, dy, shape }, { ...options, padding: 'valid' });
  }
  return backpropFilter('Conv2DBackpropFilter')({ x, dy, shape }, options);
};

const transposedFirst = [T, attribute.bool('transpose_a', true), attribute.bool('transpose_b', false)];

const convolution = defineConvolution('conv2d', 'Conv2D', conv2dFilterGradient);
const depthwise = defineConvolution(
  'depthwiseConv2d',
  'DepthwiseConv2dNative',
  backpropFilter('DepthwiseConv2dNativeBackpropFilter'),
);

/**
 * Convolution (cross-correlation) of NHWC images.
 * @param x [batch, h, w, in]
 * @param filter [kh, kw, in, out]
 * @returns [batch, h', w', out]; `same`: h' = ceil(h / stride), with floor(total / 2) zeros before.
 */
export function conv2d(x: Tensor4D, filter: Tensor4D, options: ConvolutionOptions = {}): Tensor4D {
  return convolution({ x, filter }, { stride: 1, padding: 'same', ...options }) as Tensor4D;
}

/**
 * Depthwise convolution: each channel has its own kernels.
 * @param x [batch, h, w, in]
 * @param filter [kh, kw, in, multiplier]
 * @returns [batch, h', w', in × multiplier]
 */
export function depthwiseConv2d(x: Tensor4D, filter: Tensor4D, options: ConvolutionOptions = {}): Tensor4D {
  return depthwise({ x, filter }, { stride: 1, padding: 'same', ...options }) as Tensor4D;
}
