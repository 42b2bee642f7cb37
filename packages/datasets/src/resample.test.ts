import { sha256, stream } from '@resizer-lab/base';
import { describe, expect, it } from 'vitest';
import type { Pixels } from './photo.ts';
import { type PhotoInterpolation, resample } from './resample.ts';
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
    const photo = resample(pattern(...from), [height, width], interpolation);
    expect([photo.width, photo.height]).toEqual([width, height]);
    expect(digest(photo.data)).toBe(expected);
  });

  it.each(cropped)('centre of %o, %s', (from, interpolation, expected) => {
    const transform = { fit: 'center-crop', shortSide: 32, interpolation } as const;
    expect(digest(fitPhoto(pattern(...from), [24, 25], { transform, draws: stream(1) }))).toBe(expected);
  });
});
