/** RGB bytes, row by row. */
export interface Photo {
  data: Uint8Array;
  width: number;
  height: number;
}

type Kernel = { support: number; at: (x: number) => number };

const triangle: Kernel = { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) };

/** Keys 1981, a = −½. */
const cubic: Kernel = {
  support: 2,
  at(distance) {
    const x = Math.abs(distance);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
  },
};

export const kernels = { bilinear: triangle, bicubic: cubic };

/** Pillow's fixed-point weights have this many bits behind the point. */
const ONE = 2 ** 22;

/**
 * Short side to `short`, the long side rounded, then the centre of `size`, as Pillow does it to bytes:
 * antialiased, rows first, and rounded to bytes in between. Public accuracies depend on such details by
 * a photo or two in a hundred.
 */
export function resizeAndCrop(
  photo: Photo,
  { short, size, kernel }: { short: number; size: number; kernel: Kernel },
): Uint8Array {
  const shorter = Math.min(photo.width, photo.height);
  const width = Math.round((photo.width * short) / shorter);
  const height = Math.round((photo.height * short) / shorter);
  const wide = resample(photo.data, { lines: photo.height, from: photo.width, to: width, step: 3, kernel });
  const columns = { lines: width, from: photo.height, to: height, step: 3 * width, kernel };
  const data = resample(wide, columns);
  const [left, top] = [Math.floor((width - size) / 2), Math.floor((height - size) / 2)];
  const out = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    const start = ((top + y) * width + left) * 3;
    out.set(data.subarray(start, start + size * 3), y * size * 3);
  }
  return out;
}

/** Resamples along one axis; neighbours on it lie `step` bytes apart, 3 for rows. */
function resample(
  data: Uint8Array,
  axis: { lines: number; from: number; to: number; step: number; kernel: Kernel },
): Uint8Array {
  const { lines, from, to, step, kernel } = axis;
  const out = new Uint8ClampedArray(lines * to * 3);
  const [lineIn, lineOut] = step === 3 ? [from * 3, to * 3] : [3, 3];
  for (let i = 0; i < to; i++) {
    const { first, weights } = tapsOf(i, from / to, { from, kernel });
    for (let line = 0; line < lines; line++) {
      for (let c = 0; c < 3; c++) {
        let at = line * lineIn + first * step + c;
        let sum = ONE / 2;
        for (const weight of weights) {
          sum += weight * data[at]!;
          at += step;
        }
        out[line * lineOut + i * step + c] = Math.floor(sum / ONE);
      }
    }
  }
  return new Uint8Array(out.buffer);
}

function tapsOf(i: number, scale: number, { from, kernel }: { from: number; kernel: Kernel }) {
  const wide = Math.max(scale, 1);
  const centre = (i + 0.5) * scale;
  const first = Math.max(0, Math.floor(centre - kernel.support * wide + 0.5));
  const end = Math.min(from, Math.floor(centre + kernel.support * wide + 0.5));
  const raw = Array.from({ length: end - first }, (_, k) => kernel.at((first + k - centre + 0.5) / wide));
  const sum = raw.reduce((a, b) => a + b);
  return { first, weights: Float64Array.from(raw, (weight) => Math.round((weight / sum) * ONE)) };
}
