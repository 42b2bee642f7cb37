import { attribute, defineUnary, execute, ints, type OpAttribute, T } from '../native.ts';
import { type Tensor, type Tensor4D, tf } from '../tensorflow.ts';
import { resizeArea } from './area.ts';
import type { Interpolation } from './interpolation.ts';
import { poolAttributes } from './pooling.ts';

/** [height, width] in pixels. */
export type Size = readonly [height: number, width: number];

/** A resampling that TensorFlow has kernels for, forward and back. */
interface Native {
  run: (x: Tensor, size: Size) => Tensor;
  gradient: (dy: Tensor, x: Tensor, size: Size) => Tensor;
}

type NativeMethod = Exclude<Interpolation, 'area'>;

const halfPixel: OpAttribute[] = [
  T,
  attribute.bool('align_corners', false),
  attribute.bool('half_pixel_centers', true),
];

const nearest: Native = {
  run: (x, size) => execute('ResizeNearestNeighbor', halfPixel, [x, ints(size)]),
  gradient: (dy, x) => execute('ResizeNearestNeighborGrad', halfPixel, [dy, ints(x.shape.slice(1, 3))]),
};

const bilinear: Native = {
  run: (x, size) =>
    halves(x, size) ? execute('AvgPool', pairs, [x]) : execute('ResizeBilinear', halfPixel, [x, ints(size)]),
  gradient: (dy, x, size) =>
    halves(x, size)
      ? execute('AvgPoolGrad', pairs, [ints(x.shape), dy])
      : execute('ResizeBilinearGrad', halfPixel, [dy, x]),
};

/**
 * Half the size, as from 448 to 224: each centre lies amid four pixels, whose mean oneDNN has many times as
 * fast, forward and back.
 */
const halves = ({ shape: [, height, width] }: Tensor, size: Size) =>
  height === 2 * size[0] && width === 2 * size[1];

const pairs = poolAttributes({ size: 2, stride: 2, padding: 'valid' });

function scaleAndTranslate(kernel: string, { antialias }: { antialias: boolean }): Native {
  const attributes = [T, attribute.string('kernel_type', kernel), attribute.bool('antialias', antialias)];
  const transform = (x: Tensor, [height, width]: Size) => [
    tf.tensor1d([height / x.shape[1]!, width / x.shape[2]!]),
    tf.tensor1d([0, 0]),
  ];
  return {
    run: (x, size) => execute('ScaleAndTranslate', attributes, [x, ints(size), ...transform(x, size)]),
    gradient: (dy, x, size) => execute('ScaleAndTranslateGrad', attributes, [dy, x, ...transform(x, size)]),
  };
}

const natives: Record<NativeMethod, Native> = {
  nearest,
  bilinear,
  'bilinear-antialias': scaleAndTranslate('triangle', { antialias: true }),
  bicubic: scaleAndTranslate('keyscubic', { antialias: false }),
  'bicubic-antialias': scaleAndTranslate('keyscubic', { antialias: true }),
  lanczos3: scaleAndTranslate('lanczos3', { antialias: true }),
};

const resizeOp = defineUnary<{ x: Tensor }, { size: Size; method: NativeMethod }>({
  name: 'resize',
  saveInputs: ['x'],
  run: ({ x }, { size, method }) => natives[method].run(x, size),
  gradient: ([dy], [x], { size, method }) => ({ x: () => natives[method].gradient(dy!, x!, size) }),
});

/**
 * Resizes images to any size and aspect, up or down.
 *
 * | method | blends | the same as |
 * |---|---|---|
 * | `nearest` | nothing: the pixel under the centre | PyTorch's `nearest-exact`; Pillow's NEAREST, ties aside |
 * | `bilinear` | two taps an axis, edge pixels repeated | `tf.image.resize`, PyTorch |
 * | `bicubic` | Keys' (1981) cubic convolution, a = −½, four taps an axis | `tf.image.resize` |
 * | `bilinear-antialias`, `bicubic-antialias` | that kernel, widened by the scale when shrinking | Pillow's BILINEAR, BICUBIC |
 * | `lanczos3` | sinc in a sinc window of three lobes, widened likewise | Pillow's LANCZOS |
 * | `area` | the mean of what lies under the pixel | `tf.image.resize` |
 *
 * Kernels but the plain bilinear one drop taps outside the image and renormalise the rest. TF.js's own
 * resizing is not used: its gradient ignores half-pixel centres.
 * @param x [batch, h, w, channels], float32
 * @returns [batch, size[0], size[1], channels]
 */
export function resize(x: Tensor4D, size: Size, method: Interpolation = 'bilinear'): Tensor4D {
  if (x.shape[1] === size[0] && x.shape[2] === size[1]) return x;
  if (method === 'area') return resizeArea(x, size);
  return resizeOp({ x }, { size, method }) as Tensor4D;
}
