import { sha256, stream } from '@resizer-lab/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pixels } from './photo.ts';
import { cut, resample } from './resample.ts';
import { type PhotoInterpolation, tapsOf } from './taps.ts';
import { fitPhoto } from './transform.ts';

/** pixel(x, y, c) = (7x + 13y + 29c + 3xy) mod 256 */
function pattern(width: number, height: number): Pixels {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return (x * 7 + y * 13 + c * 29 + x * y * 3) % 256;
  });
  return { data, width, height };
}

type Pair = readonly [width: number, height: number];

/*
 * The first 16 digits of SHA-256 over the bytes that Pillow 12.0.0 makes of `pattern(width, height)`:
 * resize((width, height), BILINEAR or BICUBIC).
 */
const resized: readonly (readonly [from: Pair, to: Pair, PhotoInterpolation, sha256: string])[] = [
  [[24, 18], [10, 8], 'bilinear', '3bc5f863c880520e'],
  [[24, 18], [10, 8], 'bicubic', '45fc939d054e79a1'],
  [[24, 18], [24, 9], 'bilinear', '60693eab9ba2fc9b'],
  [[24, 18], [24, 9], 'bicubic', '25787f7706f50874'],
  [[7, 5], [31, 23], 'bilinear', '80e14610d23b2ab5'],
  [[7, 5], [31, 23], 'bicubic', '7aaf44b9ee4d5a60'],
  [[300, 200], [13, 150], 'bilinear', 'b7945a3358363f53'],
  [[300, 200], [13, 150], 'bicubic', '9b9d4d419ba9f470'],
  [[1, 9], [4, 4], 'bilinear', 'b7f15288a60ae492'],
  [[1, 9], [4, 4], 'bicubic', '927747d89e3c5ba1'],
  [[640, 3], [9, 200], 'bilinear', 'a831e4f5437d81a6'],
  [[640, 3], [9, 200], 'bicubic', 'aa74a9a1fa8ce327'],
];

/** Likewise: short side to 32, the long one rounded, crop((l, t, l + 25, t + 24)), l and t rounded down. */
const cropped: readonly (readonly [from: Pair, PhotoInterpolation, sha256: string])[] = [
  [[61, 40], 'bilinear', 'e9a29895b4658b72'],
  [[61, 40], 'bicubic', '71e3df374506e3e1'],
  [[40, 61], 'bilinear', 'd1bee32771e90e1f'],
  [[40, 61], 'bicubic', '8aa7f288e48c9a64'],
  [[50, 50], 'bilinear', '31cfabcc06b4c22c'],
  [[50, 50], 'bicubic', 'd2f6f8d779d476ff'],
  [[33, 90], 'bilinear', 'e25bd87fafe425a2'],
  [[33, 90], 'bicubic', '27c949f53b946402'],
];

const digest = (data: Uint8Array) => sha256(data).slice(0, 16);

describe('resampling is Pillow bit for bit', () => {
  it.each(resized)('%o to %o, %s', (from, [width, height], interpolation, expected) => {
    const photo = resample(pattern(...from), [height, width], { interpolation });
    expect([photo.width, photo.height]).toEqual([width, height]);
    expect(digest(photo.data)).toBe(expected);
  });

  it.each(cropped)('centre of %o, %s', (from, interpolation, expected) => {
    const transform = { fit: 'center-crop', shortSide: 32, interpolation } as const;
    expect(digest(fitPhoto(pattern(...from), [24, 25], { transform, draws: stream(1) }))).toBe(expected);
  });
});

/** The definition, in plain words: each output is the rounded sum of its taps, one side after the other. */
function mixed(line: readonly number[], output: number, interpolation: PhotoInterpolation): number[] {
  if (line.length === output) return [...line];
  const { start, offset, weights } = tapsOf({ input: line.length, output, interpolation });
  return Array.from({ length: output }, (_, i) => {
    const taps = [...weights.subarray(offset[i], offset[i + 1])];
    const sum = taps.reduce((total, weight, k) => total + weight * line[start[i]! + k]!, 0);
    return Math.min(255, Math.max(0, Math.floor(sum / 2 ** 22 + 0.5)));
  });
}

function mixedPhoto({ data, width, height }: Pixels, to: Pair, interpolation: PhotoInterpolation): number[] {
  const channels = [0, 1, 2].map((c) => {
    const rows = Array.from({ length: height }, (_, y) =>
      mixed(
        Array.from({ length: width }, (_, x) => data[(y * width + x) * 3 + c]!),
        to[0],
        interpolation,
      ),
    );
    const columns = Array.from({ length: to[0] }, (_, x) =>
      mixed(
        rows.map((row) => row[x]!),
        to[1],
        interpolation,
      ),
    );
    return columns;
  });
  return Array.from({ length: to[0] * to[1] * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return channels[i % 3]![pixel % to[0]]![Math.floor(pixel / to[0])]!;
  });
}

const side = fc.integer({ min: 1, max: 40 });
const job = fc.record({ left: side, top: side, width: side, height: side, right: side, below: side });

it('resamples any part of a photo to any size as the plain sums do', () => {
  const run = (
    { left, top, width, height, right, below }: typeof job extends fc.Arbitrary<infer T> ? T : never,
    to: Pair,
    interpolation: PhotoInterpolation,
  ) => {
    const size: Pair = [left + width + right, top + height + below];
    const data = Uint8Array.from({ length: size[0] * size[1] * 3 }, (_, i) => (i * i * 31 + i * 7) % 256);
    const photo = { data, width: size[0], height: size[1] };
    const box = { left, top, width, height };
    const { data: found } = resample(photo, [to[1], to[0]], { interpolation, box });
    expect([...found]).toEqual(mixedPhoto(cut(photo, box), to, interpolation));
  };
  fc.assert(fc.property(job, fc.tuple(side, side), fc.constantFrom('bilinear', 'bicubic'), run), {
    numRuns: 60,
  });
});

it('resamples a photo that needs more memory than is kept, and small ones after it', () => {
  const small = () => digest(resample(pattern(24, 18), [8, 10]).data);
  const data = new Uint8Array(8000 * 3000 * 3).fill(77);
  const photo = resample({ data, width: 8000, height: 3000 }, [2, 3]);
  expect([...photo.data]).toEqual(new Array(18).fill(77));
  expect(small()).toBe('3bc5f863c880520e');
});
