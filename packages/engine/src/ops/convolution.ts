import { defineUnary, execute, ints } from '../native.ts';
import type { Tensor, Tensor4D } from '../tensorflow.ts';
import { convolutionAttributes, type WindowOptions } from './convolution-attributes.ts';
import { patchConv2d, pointwiseConv2d } from './matrix-convolution.ts';
import { narrowConv2d, pixelsTogether } from './narrow-convolution.ts';
import { type Padding, zeroPad } from './spatial.ts';

export interface ConvolutionOptions {
  stride?: number;
  /** TensorFlow's `same` and `valid`, or zeros given by side. Default `same`. */
  padding?: 'same' | 'valid' | Padding;
}

interface Attributes extends WindowOptions {
  stride: number;
}

interface Operands {
  x: Tensor;
  filter: Tensor;
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
  if (typeof options.padding === 'string') {
    return backpropFilter('Conv2DBackpropFilter')({ x, dy, shape }, options);
  }
  // oneDNN has no filter gradient with explicit padding, TensorFlow's own is slow: pad first.
  const padded = zeroPad(x as Tensor4D, options.padding);
  return backpropFilter('Conv2DBackpropFilter')({ x: padded, dy, shape }, { ...options, padding: 'valid' });
};

const convolution = defineConvolution('conv2d', 'Conv2D', conv2dFilterGradient);
const depthwise = defineConvolution(
  'depthwiseConv2d',
  'DepthwiseConv2dNative',
  backpropFilter('DepthwiseConv2dNativeBackpropFilter'),
);

/** Up to so many output pixels (of all images) copying the patches costs less than laying out the filter. */
const PATCH_PIXELS = 64;

/** Where a window goes over an image. */
function placed(x: Tensor4D, filter: Tensor4D, { stride, padding }: Attributes) {
  const along = (axis: 1 | 2): { before: number; after: number; count: number } => {
    const [size, kernel] = [x.shape[axis], filter.shape[axis - 1]!];
    const places = (total: number) => Math.floor((size + total - kernel) / stride) + 1;
    if (padding === 'valid') return { before: 0, after: 0, count: places(0) };
    if (padding === 'same') {
      const count = Math.ceil(size / stride);
      const total = Math.max((count - 1) * stride + kernel - size, 0);
      return { before: Math.floor(total / 2), after: Math.ceil(total / 2), count };
    }
    const [before, after] = axis === 1 ? [padding.top, padding.bottom] : [padding.left, padding.right];
    return { before, after, count: places(before + after) };
  };
  const [rows, columns] = [along(1), along(2)];
  return {
    padding: { top: rows.before, bottom: rows.after, left: columns.before, right: columns.after },
    size: [rows.count, columns.count] as const,
  };
}

/**
 * Convolution (cross-correlation) of NHWC images.
 * @param x [batch, h, w, in]
 * @param filter [kh, kw, in, out]
 * @returns [batch, h', w', out]; `same`: h' = ceil(h / stride), with floor(total / 2) zeros before.
 */
export function conv2d(x: Tensor4D, filter: Tensor4D, options: ConvolutionOptions = {}): Tensor4D {
  const { stride = 1, padding = 'same' } = options;
  const isPointwise = filter.shape[0] === 1 && filter.shape[1] === 1;
  if (isPointwise && typeof padding === 'string') return pointwiseConv2d(x, filter, { stride });
  const { padding: zeros, size } = placed(x, filter, { stride, padding });
  if (x.shape[0] * size[0] * size[1] <= PATCH_PIXELS) {
    return patchConv2d(x, filter, { stride, padding: zeros, size });
  }
  const together = stride === 1 ? pixelsTogether(filter.shape[3], size[1]) : 1;
  if (together > 1) return narrowConv2d(x, filter, { padding, zeros, together });
  return convolution({ x, filter }, { stride, padding }) as Tensor4D;
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
