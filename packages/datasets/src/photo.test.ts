import { crc32 } from 'node:zlib';
import { sha256, UserError } from '@resizer-lab/base';
import sharp, { type Color } from 'sharp';
import { describe, expect, it } from 'vitest';
import { image, jpeg, noise } from './fixtures.ts';
import { decodePhoto } from './photo.ts';

// A 20x14 JPEG (quality 70, 4:2:0) and the hash of its pixels, both made with Pillow 13.0.0 on
// libjpeg-turbo 3.2.0: pixel(x, y, c) = (9x + 5y + 40c) mod 256.
const PILLOW_JPEG = Buffer.from(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAoHBwgHBgoICAgLCgoLDhgQDg0NDh0VFhEYIx8lJCIfIiEmKzcvJik0KSEiMEExNDk7' +
    'Pj4+JS5ESUM8SDc9Pjv/2wBDAQoLCw4NDhwQEBw7KCIoOzs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7' +
    'Ozs7Ozs7Ozv/wAARCAAOABQDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUF' +
    'BAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVW' +
    'V1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi' +
    '4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAEC' +
    'AxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVm' +
    'Z2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq' +
    '8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDmtIsvu8V3WkWX3eKxNItV+WuzsoRHCCvBJxn0rvxFeOHpSqy2Suecld2LCxMw+RiFHAwe' +
    'tFcL4h1q9l1meO0vLi2htz5IWORk3FTySAcdc8+mKK+EeExeJftnUtza210ufXUOH6lSlGfMldXP/9k=',
  'base64',
);
const PILLOW_PIXELS = '611060aedb9c43eb920587fe9187d59662a79813c2e4bfda071c717f3eb11f1e';

const decode = (bytes: Uint8Array, maxPixels?: number) =>
  decodePhoto(bytes, { name: 'a.jpg', ...(maxPixels !== undefined && { maxPixels }) });
const solid = (background: Color, channels: 3 | 4 = 3) =>
  sharp({ create: { width: 8, height: 8, channels, background } });
const firstPixel = async (bytes: Uint8Array) => [...(await decode(bytes)).data.subarray(0, 3)];

describe('decodePhoto', () => {
  it('gives the pixels of libjpeg-turbo', async () => {
    const { data, width, height } = await decode(PILLOW_JPEG);
    expect([width, height, sha256(data)]).toEqual([20, 14, PILLOW_PIXELS]);
  });

  // The picture abc/def as it is stored, and as EXIF 2.32 (tag 274) says it is to be shown.
  it.each([
    [1, ['abc', 'def']],
    [2, ['cba', 'fed']],
    [3, ['fed', 'cba']],
    [4, ['def', 'abc']],
    [5, ['ad', 'be', 'cf']],
    [6, ['da', 'eb', 'fc']],
    [7, ['fc', 'eb', 'da']],
    [8, ['cf', 'be', 'ad']],
  ])('applies EXIF orientation %i', async (orientation, rows) => {
    const stored = {
      data: Buffer.from([...'abcdef'].flatMap((c) => [c, c, c]).join('')),
      width: 3,
      height: 2,
    };
    const bytes = await image(stored).withMetadata({ orientation }).tiff({ compression: 'none' }).toBuffer();
    const { data, width, height } = await decode(bytes);
    const shown = Array.from({ length: height }, (_, y) =>
      Array.from({ length: width }, (_, x) => String.fromCharCode(data[(y * width + x) * 3]!)).join(''),
    );
    expect(shown).toEqual(rows);
  });

  it('ignores an ICC profile', async () => {
    const photo = noise(1, 8, 8);
    const tagged = await image(photo).withIccProfile('p3', { attach: true }).png().toBuffer();
    const raw = await sharp(tagged, { ignoreIcc: true }).raw().toBuffer();
    expect(raw.equals(photo.data)).toBe(false); // The file does hold other numbers than sRGB's.
    expect((await decode(tagged)).data).toEqual(new Uint8Array(raw));
  });

  it('turns grey, CMYK, 16 bits and transparency into RGB', async () => {
    const grey = await solid('#808080').greyscale().png().toBuffer();
    expect(await firstPixel(grey)).toEqual([128, 128, 128]);
    const [red, green, blue] = await firstPixel(
      await solid('#ff0000').toColourspace('cmyk').jpeg().toBuffer(),
    );
    expect(red).toBeGreaterThan(200);
    expect(Math.max(green!, blue!)).toBeLessThan(60);
    const white = await firstPixel(await solid('#ffffff').toColourspace('cmyk').jpeg().toBuffer());
    expect(Math.min(...white)).toBeGreaterThan(250);
    const deep = Uint16Array.from({ length: 192 }, (_, i) => [0xff00, 0x8000, 0x0180][i % 3]!);
    const rgb16 = await sharp(deep, { raw: { width: 8, height: 8, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await sharp(rgb16).metadata()).depth).toBe('ushort');
    expect(await firstPixel(rgb16)).toEqual([255, 128, 1]);
    const grey16 = await sharp(rgb16).toColourspace('grey16').png().toBuffer();
    const [level, ...same] = await firstPixel(grey16);
    expect(same).toEqual([level, level]);
    expect(level).toBeLessThan(255);
    expect(await firstPixel(await solid({ r: 0, g: 0, b: 0, alpha: 0 }, 4).png().toBuffer())).toEqual([
      255, 255, 255,
    ]);
  });

  it.each<[string, () => Promise<Uint8Array> | Uint8Array, RegExp]>([
    ['an empty file', () => new Uint8Array(0), /^photo a.jpg: empty$/],
    ['text', () => Buffer.from('hello, this is a text'), /^photo a.jpg: not an image$/],
    [
      'an SVG',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      /SVG is not supported; convert it/,
    ],
    [
      'half a JPEG',
      async () => (await jpeg(1)).subarray(0, 400),
      /^photo a.jpg: truncated \(.*premature end/,
    ],
    [
      'half a PNG',
      async () =>
        (
          await image(noise(1, 64, 64))
            .png()
            .toBuffer()
        ).subarray(0, 5000),
      /truncated|cannot be decoded/,
    ],
    [
      'a JPEG of three bytes',
      () => Uint8Array.of(0xff, 0xd8, 0xff),
      /^photo a.jpg: (truncated|cannot be decoded)/,
    ],
    [
      'a side of 70,000',
      () =>
        sharp({ create: { width: 70_000, height: 1, channels: 3, background: '#000' } })
          .png()
          .toBuffer(),
      /70000x1 is over the limit of 65535/,
    ],
  ])('refuses %s by name, in one line', async (_, make, message) => {
    const error = await decode(await make()).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('\n');
  });

  it('refuses a photo over the pixel limit before it decodes it', async () => {
    const bomb = await solid('#000').png().toBuffer();
    bomb.writeUInt32BE(12_000, 16);
    bomb.writeUInt32BE(12_000, 20);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    const before = process.memoryUsage().rss;
    await expect(decode(bomb)).rejects.toThrow(
      'photo a.jpg: 12000x12000 is over the limit of 100000000 pixels',
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
    await expect(decode(await jpeg(1, 10, 10), 99)).rejects.toThrow('10x10 is over the limit of 99 pixels');
  });
});
