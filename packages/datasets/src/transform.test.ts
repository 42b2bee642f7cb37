import { stream } from '@resizer-lab/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noise } from './fixtures.ts';
import type { Pixels } from './photo.ts';
import { checkTransform, fitPhoto, type Size, type Transform } from './transform.ts';

const fit = (photo: Pixels, size: Size, transform: Transform, seed = 1) =>
  fitPhoto(photo, size, { transform, draws: stream(seed) });

describe('fitPhoto', () => {
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

  it('keeps the whole photo and its aspect ratio within a grey frame', () => {
    const photo = noise(4, 12, 6);
    const fitted = fit(photo, [10, 12], { fit: 'pad' });
    const row = (y: number) => fitted.subarray(y * 36, (y + 1) * 36);
    for (const y of [0, 1, 8, 9]) expect(row(y).every((value) => value === 128)).toBe(true);
    expect(fitted.subarray(2 * 36, 8 * 36)).toEqual(photo.data);
    const tall = fit({ data: new Uint8Array(20 * 40 * 3), width: 20, height: 40 }, [8, 8], { fit: 'pad' });
    expect([...tall.subarray(0, 24)].filter((_, i) => i % 3 === 0)).toEqual([128, 128, 0, 0, 0, 0, 128, 128]);
    const strip = fit({ data: new Uint8Array(60_000 * 3), width: 60_000, height: 1 }, [4, 4], { fit: 'pad' });
    expect([...strip].filter((value) => value === 0)).toHaveLength(4 * 3);
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
