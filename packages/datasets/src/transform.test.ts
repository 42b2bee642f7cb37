import { stream } from '@resizer-lab/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noise } from './fixtures.ts';
import type { Pixels } from './photo.ts';
import { checkTransform, fitPhoto, type Size, type Transform } from './transform.ts';

const fit = (photo: Pixels, size: Size, transform: Transform, seed = 1) =>
  fitPhoto(photo, size, { transform, draws: stream(seed) });

/** pixel(x, y, c) = (7x + 13y + 29c + 3xy) mod 256 */
function pattern(width: number, height: number): Pixels {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return (x * 7 + y * 13 + c * 29 + x * y * 3) % 256;
  });
  return { data, width, height };
}

// Channel 0 of `pattern(24, 18)` after Pillow 13.0.0's resize((width, height), BILINEAR).
const PILLOW = [
  {
    size: [8, 10] as const,
    red: [
      19, 40, 63, 86, 108, 131, 154, 151, 148, 169, 51, 85, 123, 158, 168, 150, 109, 107, 108, 137, 87, 137,
      181, 151, 83, 100, 144, 151, 141, 115, 123, 177, 112, 86, 138, 165, 138, 118, 140, 134, 157, 161, 84,
      149, 152, 102, 140, 147, 128, 140, 175, 93, 131, 159, 108, 163, 125, 128, 146, 134, 162, 95, 162, 101,
      153, 115, 130, 132, 122, 130, 114, 129, 149, 136, 143, 131, 93, 143, 117, 125,
    ],
  },
  {
    size: [9, 24] as const,
    red: [
      9, 18, 28, 37, 46, 55, 64, 73, 82, 92, 101, 110, 119, 128, 137, 146, 156, 165, 137, 146, 156, 165, 174,
      183, 33, 47, 62, 76, 91, 105, 120, 134, 149, 163, 178, 160, 175, 189, 108, 122, 137, 151, 70, 84, 99,
      113, 128, 142, 59, 79, 100, 120, 141, 161, 182, 202, 191, 115, 136, 60, 81, 101, 90, 110, 131, 151, 140,
      160, 181, 105, 126, 146, 85, 111, 138, 164, 191, 185, 116, 142, 73, 67, 94, 120, 147, 173, 168, 194,
      125, 151, 82, 108, 135, 129, 124, 150, 111, 143, 176, 208, 209, 49, 50, 82, 115, 147, 180, 180, 117,
      149, 86, 118, 119, 151, 152, 184, 121, 153, 90, 122, 137, 175, 214, 124, 67, 73, 112, 150, 189, 195,
      138, 80, 87, 125, 164, 170, 113, 151, 94, 132, 139, 145, 184, 126, 163, 207, 124, 40, 85, 129, 174, 186,
      135, 83, 96, 140, 153, 197, 146, 94, 107, 151, 164, 112, 157, 105, 150, 130, 189, 207, 34, 84, 135, 185,
      204, 62, 81, 131, 182, 200, 59, 109, 128, 146, 101, 151, 106, 124, 143, 97, 148, 102, 212, 48, 67, 123,
      179, 235, 71, 91, 147, 202, 149, 95, 114, 170, 116, 62, 81, 137, 193, 139, 85, 105, 161, 107,
    ],
  },
];

describe('fitPhoto', () => {
  it.each(PILLOW)('stretches to $size as Pillow does, whose passes round once more', ({ size, red }) => {
    const fitted = fit(pattern(24, 18), size, { fit: 'stretch' });
    red.forEach((value, i) => expect(Math.abs(fitted[i * 3]! - value)).toBeLessThanOrEqual(1));
  });

  it('enlarges about pixel centres', () => {
    const row = Uint8Array.from([0, 100, 200, 100].flatMap((v) => [v, v, v]));
    const fitted = fit({ data: row, width: 4, height: 1 }, [1, 8], { fit: 'stretch' });
    expect([...fitted].filter((_, i) => i % 3 === 0)).toEqual([0, 25, 75, 125, 175, 175, 125, 100]);
  });

  it('keeps the pixels of a photo that has the size', () => {
    const photo = noise(1, 20, 16);
    expect(fit(photo, [16, 20], { fit: 'stretch' })).toEqual(photo.data);
    expect(fit(photo, [16, 20], { fit: 'center-crop', shortSide: 20 })).not.toEqual(photo.data);
    expect(fit(noise(1, 16, 16), [16, 16], { fit: 'center-crop', shortSide: 16 })).toEqual(
      noise(1, 16, 16).data,
    );
  });

  it('cuts the centre out of a photo whose short side fits', () => {
    const photo = noise(2, 10, 6);
    const fitted = fit(photo, [4, 4], { fit: 'center-crop', shortSide: 6 });
    const pixel = (x: number, y: number) => [...photo.data.subarray((y * 10 + x) * 3, (y * 10 + x) * 3 + 3)];
    expect([...fitted.subarray(0, 3)]).toEqual(pixel(3, 1));
    expect([...fitted.subarray(-3)]).toEqual(pixel(6, 4));
  });

  it('flips half of the photos left to right, and nothing else', () => {
    const photo = noise(3, 7, 5);
    const flipped = Uint8Array.from(photo.data, (_, i) => {
      const [c, x, y] = [i % 3, Math.floor(i / 3) % 7, Math.floor(i / 21)];
      return photo.data[(y * 7 + 6 - x) * 3 + c]!;
    });
    const outcomes = Array.from({ length: 400 }, (_, seed) =>
      fit(photo, [5, 7], { fit: 'stretch', flip: true }, seed),
    );
    const isFlipped = outcomes.map((data) => Buffer.from(data).equals(flipped));
    expect(outcomes.every((data, i) => isFlipped[i] || Buffer.from(data).equals(photo.data))).toBe(true);
    expect(isFlipped.filter(Boolean).length).toBeGreaterThan(160);
    expect(isFlipped.filter(Boolean).length).toBeLessThan(240);
  });

  it('gives any photo the size, and a random crop only colours of the photo', () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(side, side, fc.tuple(side, side), fc.integer(), (width, height, size, seed) => {
        const data = new Uint8Array(width * height * 3).fill(77);
        const random: Transform = {
          fit: 'random-resized-crop',
          scale: [0.1, 1],
          ratio: [3 / 4, 4 / 3],
          flip: true,
        };
        for (const transform of [
          random,
          { fit: 'stretch' },
          { fit: 'center-crop', shortSide: 40 },
        ] as const) {
          expect(fit({ data, width, height }, size, transform, seed)).toEqual(
            new Uint8Array(size[0] * size[1] * 3).fill(77),
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  it('crops within the range of areas and aspect ratios', () => {
    // Each pixel holds its own place, and a crop of full size is cut but not resampled.
    const photo: Pixels = { data: new Uint8Array(200 * 100 * 3), width: 200, height: 100 };
    photo.data.forEach((_, i) => {
      photo.data[i] = [Math.floor(i / 3) % 200, Math.floor(i / 600), 0][i % 3]!;
    });
    const crops = Array.from({ length: 200 }, (_, seed) => {
      const out = fit(
        photo,
        [50, 50],
        { fit: 'random-resized-crop', scale: [0.2, 0.4], ratio: [0.5, 2] },
        seed,
      );
      const at = (x: number, y: number) => (y * 50 + x) * 3;
      const width = ((out[at(49, 0)]! - out[at(0, 0)]!) / 49) * 50;
      const height = ((out[at(0, 49) + 1]! - out[at(0, 0) + 1]!) / 49) * 50;
      return { area: (width * height) / 20_000, ratio: width / height };
    });
    for (const { area, ratio } of crops) {
      expect(area).toBeGreaterThan(0.17);
      expect(area).toBeLessThan(0.43);
      expect(ratio).toBeGreaterThan(0.45);
      expect(ratio).toBeLessThan(2.2);
    }
    expect(new Set(crops.map(({ area }) => area.toFixed(2))).size).toBeGreaterThan(10);
  });

  it('refuses a strip that would grow without bound', () => {
    const strip: Pixels = { data: new Uint8Array(60_000 * 3), width: 60_000, height: 1 };
    expect(() => fit(strip, [224, 224], { fit: 'center-crop', shortSide: 256 })).toThrow(
      '60000x1 is too long to have its short side at 256',
    );
  });
});

describe('checkTransform', () => {
  it.each<[Transform, string]>([
    [{ fit: 'center-crop', shortSide: 200 }, 'shortSide 200 is smaller than the 224x224'],
    [{ fit: 'random-resized-crop', scale: [0, 1], ratio: [1, 1] }, 'scale [0, 1] is no range within (0, 1]'],
    [{ fit: 'random-resized-crop', scale: [0.5, 1], ratio: [2, 1] }, 'ratio [2, 1] is no range above 0'],
  ])('refuses %o', (transform, message) => {
    expect(() => checkTransform(transform, [224, 224])).toThrow(message);
  });
});
