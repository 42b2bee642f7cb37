import { attribute, defineUnary, execute, ints, type OpAttribute, T } from '../native.ts';
import { type Tensor, type Tensor4D, tf } from '../tensorflow.ts';
import type { Interpolation } from './interpolation.ts';

/** [height, width] in pixels. */
export type Size = readonly [height: number, width: number];

interface Attributes {
  size: Size;
  method: Interpolation;
}

const bilinear: OpAttribute[] = [
  T,
  attribute.bool('align_corners', false),
  attribute.bool('half_pixel_centers', true),
];

/** Kernels of ScaleAndTranslate; `keyscubic` is the cubic convolution of Keys (1981), a = −½. */
const kernels = {
  bicubic: [T, attribute.string('kernel_type', 'keyscubic'), attribute.bool('antialias', false)],
  'bilinear-antialias': [T, attribute.string('kernel_type', 'triangle'), attribute.bool('antialias', true)],
};

function scaleOf(x: Tensor, [height, width]: Size): [Tensor, Tensor] {
  return [tf.tensor1d([height / x.shape[1]!, width / x.shape[2]!]), tf.tensor1d([0, 0])];
}

const resizeOp = defineUnary<{ x: Tensor }, Attributes>({
  name: 'resize',
  saveInputs: ['x'],
  run: ({ x }, { size, method }) =>
    method === 'bilinear'
      ? execute('ResizeBilinear', bilinear, [x, ints(size)])
      : execute('ScaleAndTranslate', kernels[method], [x, ints(size), ...scaleOf(x, size)]),
  gradient: ([dy], [x], { size, method }) => ({
    x: () =>
      method === 'bilinear'
        ? execute('ResizeBilinearGrad', bilinear, [dy!, x!])
        : execute('ScaleAndTranslateGrad', kernels[method], [dy!, x!, ...scaleOf(x!, size)]),
  }),
});

/**
 * Resizes images to any size and aspect, up or down.
 *
 * `bilinear`: two taps an axis, no antialiasing, edge pixels repeated. `bicubic`: Keys' cubic, four taps;
 * `bilinear-antialias`: the triangle widened by the scale when shrinking; both drop taps outside the image
 * and renormalise the rest. TF.js's own resizing is not used: its gradient ignores half-pixel centres.
 * @param x [batch, h, w, channels], float32
 * @returns [batch, size[0], size[1], channels]
 */
export function resize(x: Tensor4D, size: Size, method: Interpolation = 'bilinear'): Tensor4D {
  if (x.shape[1] === size[0] && x.shape[2] === size[1]) return x;
  return resizeOp({ x }, { size, method }) as Tensor4D;
}
