import type { Pixels } from './photo.ts';

/** For each output position, the input positions it reads and their weights, which sum to one. */
interface Taps {
  readonly start: Int32Array;
  /** Where the weights of an output position begin; those of the next one follow. */
  readonly offset: Int32Array;
  readonly weight: Float64Array;
}

/**
 * Resamples a photo with a triangle filter: bilinear with half-pixel centres, and widened by
 * in / out along a side that shrinks, so that it does not alias (as Pillow's BILINEAR). Values are
 * used as they are encoded. Written here because libvips shifts a picture by a part of a pixel
 * when it enlarges it.
 */
export function resample(photo: Pixels, [height, width]: readonly [height: number, width: number]): Pixels {
  if (width === photo.width && height === photo.height) return photo;
  const down = triangle(photo.height, height);
  const across = triangle(photo.width, width);
  const row = new Float64Array(photo.width * 3);
  const data = new Uint8ClampedArray(width * height * 3);
  for (let y = 0; y < height; y++) {
    mixRows(photo, { taps: down, y, into: row });
    mixColumns(row, across, data.subarray(y * width * 3, (y + 1) * width * 3));
  }
  return { data: new Uint8Array(data.buffer), width, height };
}

function triangle(input: number, output: number): Taps {
  const scale = input / output;
  const radius = Math.max(scale, 1);
  const start = new Int32Array(output);
  const offset = new Int32Array(output + 1);
  const weight: number[] = [];
  for (let i = 0; i < output; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - radius + 0.5));
    const end = Math.min(input, Math.floor(centre + radius + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / radius),
    );
    const sum = raw.reduce((a, b) => a + b);
    start[i] = first;
    offset[i] = weight.length;
    for (const w of raw) weight.push(w / sum);
  }
  offset[output] = weight.length;
  return { start, offset, weight: Float64Array.from(weight) };
}

function mixRows({ data }: Pixels, { taps, y, into }: { taps: Taps; y: number; into: Float64Array }): void {
  const length = into.length;
  const first = taps.offset[y]!;
  into.fill(0);
  for (let tap = first; tap < taps.offset[y + 1]!; tap++) {
    const weight = taps.weight[tap]!;
    const from = (taps.start[y]! + tap - first) * length;
    for (let i = 0; i < length; i++) into[i]! += weight * data[from + i]!;
  }
}

function mixColumns(row: Float64Array, taps: Taps, into: Uint8ClampedArray): void {
  for (let x = 0; x < taps.start.length; x++) {
    let [r, g, b] = [0, 0, 0];
    let at = taps.start[x]! * 3;
    for (let tap = taps.offset[x]!; tap < taps.offset[x + 1]!; tap++, at += 3) {
      const weight = taps.weight[tap]!;
      r += weight * row[at]!;
      g += weight * row[at + 1]!;
      b += weight * row[at + 2]!;
    }
    into[x * 3] = r;
    into[x * 3 + 1] = g;
    into[x * 3 + 2] = b;
  }
}
