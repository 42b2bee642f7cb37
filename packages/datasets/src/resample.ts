import type { Pixels } from './photo.ts';

/** Which neighbours a resampled pixel is made of: two an axis, or four; more where the photo shrinks. */
export type PhotoInterpolation = 'bilinear' | 'bicubic';

interface Kernel {
  /** Half the width, in input pixels where the photo does not shrink. */
  readonly support: number;
  readonly at: (distance: number) => number;
}

const kernels: Record<PhotoInterpolation, Kernel> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: keys },
};

/** Cubic convolution with a = −½ (Keys 1981). */
function keys(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/** Bits behind the point of a weight: products with bytes and their sums stay within 32 bits. */
const BITS = 22;

/** For each output position, the input positions it reads and their weights, which sum to one. */
interface Taps {
  readonly start: Int32Array;
  /** Where the weights of an output position begin; those of the next one follow. */
  readonly offset: Int32Array;
  /** Times 2^BITS. */
  readonly weight: Int32Array;
}

/**
 * Resamples a photo as Pillow does, bit for bit: half-pixel centres, the filter widened by in / out
 * along a side that shrinks, so that it does not alias; to its width first, rounded to bytes, then to
 * its height (Pillow 13 takes the height first for some photos). Values are used as they are encoded.
 * Public accuracies are stated for such photos, and depend on the details by a photo or two in a
 * hundred. Written here because libvips shifts a picture by a part of a pixel when it enlarges it.
 */
export function resample(
  photo: Pixels,
  [height, width]: readonly [height: number, width: number],
  interpolation: PhotoInterpolation = 'bilinear',
): Pixels {
  const kernel = kernels[interpolation];
  const wide = width === photo.width ? photo : mixColumns(photo, tapsOf(photo.width, width, kernel));
  return height === wide.height ? wide : mixRows(wide, tapsOf(photo.height, height, kernel));
}

function tapsOf(input: number, output: number, { support, at }: Kernel): Taps {
  const scale = input / output;
  const stretch = Math.max(scale, 1);
  // Not a division: the last bit of a weight decides some roundings.
  const shrink = 1 / stretch;
  const start = new Int32Array(output);
  const offset = new Int32Array(output + 1);
  const weight: number[] = [];
  for (let i = 0; i < output; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support * stretch + 0.5));
    const end = Math.min(input, Math.floor(centre + support * stretch + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) => at((first + k - centre + 0.5) * shrink));
    const sum = raw.reduce((a, b) => a + b);
    start[i] = first;
    offset[i] = weight.length;
    for (const w of raw) weight.push(fixedPoint(w / sum));
  }
  offset[output] = weight.length;
  return { start, offset, weight: Int32Array.from(weight) };
}

/** Halves are rounded away from zero. */
function fixedPoint(weight: number): number {
  return Math.trunc(weight * 2 ** BITS + Math.sign(weight) / 2);
}

const HALF = 1 << (BITS - 1);

function mixColumns({ data, width, height }: Pixels, { start, offset, weight }: Taps): Pixels {
  const columns = start.length;
  const out = new Uint8ClampedArray(columns * height * 3);
  for (let x = 0; x < columns; x++) {
    const first = start[x]! * 3;
    const [tapsFrom, tapsTo] = [offset[x]!, offset[x + 1]!];
    for (let row = 0; row < height; row++) {
      let at = row * width * 3 + first;
      let r = HALF;
      let g = HALF;
      let b = HALF;
      for (let tap = tapsFrom; tap < tapsTo; tap++, at += 3) {
        const w = weight[tap]!;
        r = (r + Math.imul(w, data[at]!)) | 0;
        g = (g + Math.imul(w, data[at + 1]!)) | 0;
        b = (b + Math.imul(w, data[at + 2]!)) | 0;
      }
      const to = (row * columns + x) * 3;
      out[to] = r >> BITS;
      out[to + 1] = g >> BITS;
      out[to + 2] = b >> BITS;
    }
  }
  return { data: new Uint8Array(out.buffer), width: columns, height };
}

function mixRows({ data, width }: Pixels, { start, offset, weight }: Taps): Pixels {
  const length = width * 3;
  const out = new Uint8ClampedArray(start.length * length);
  for (let y = 0; y < start.length; y++) {
    const first = start[y]! * length;
    const [tapsFrom, tapsTo] = [offset[y]!, offset[y + 1]!];
    for (let i = 0; i < length; i++) {
      let sum = HALF;
      for (let tap = tapsFrom, at = first + i; tap < tapsTo; tap++, at += length) {
        sum = (sum + Math.imul(weight[tap]!, data[at]!)) | 0;
      }
      out[y * length + i] = sum >> BITS;
    }
  }
  return { data: new Uint8Array(out.buffer), width, height: start.length };
}
