import { UserError } from '@resizer-lab/base';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { printable } from './paths.ts';

// The photos themselves are decoded side by side, and no photo is decoded twice in a row.
sharp.concurrency(1);
sharp.cache(false);

/** Pixels of an image: uint8, [height, width, 3], rows from the top, RGB. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Photos with more pixels than this are refused unless a caller asks for another limit. */
export const MAX_PIXELS = 100_000_000;

/** What the pixels of a decoded photo depend on, beside the photo. */
export const decoderVersions: Readonly<Record<string, string | undefined>> = { ...sharp.versions };

/** The longest side a JPEG can have; a longer one is no photo. */
const MAX_SIDE = 65_535;

/** Why a photo was refused, without its name: `truncated`, `empty`, … */
export class PhotoError extends Error {
  override readonly name = 'PhotoError';
}

const SIGNATURES: readonly (readonly [format: string, pattern: RegExp])[] = [
  ['JPEG', /^\xff\xd8\xff/],
  ['PNG', /^\x89PNG\r\n\x1a\n/],
  ['GIF', /^GIF8[79]a/],
  ['WebP', /^RIFF[^]{4}WEBP/],
  ['TIFF', /^(II\*\0|MM\0\*)/],
  ['BMP', /^BM[^]{4}\0\0\0\0/],
  ['HEIF or AVIF', /^[^]{4}ftyp(avi|hei|hev|mif|msf)/],
  ['JPEG 2000', /^(\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/],
  ['JPEG XL', /^(\xff\x0a|\0\0\0\x0cJXL )/],
  ['PSD', /^8BPS/],
  ['PDF', /^%PDF/],
  ['SVG', /^\s*(<\?xml|<svg)/],
];
const SUPPORTED = ['JPEG', 'PNG', 'WebP', 'GIF', 'TIFF'];

/**
 * Decodes a photo to RGB. EXIF orientation is applied, ICC profiles are ignored (as the usual
 * training pipelines do: the pixels of an RGB JPEG are those of libjpeg-turbo), grey and CMYK
 * become RGB, 16 bits become 8, transparency is laid over white, of an animation the first frame
 * is taken.
 * @throws UserError naming the photo when it is empty, truncated, no supported image, or has more
 *   than `maxPixels` pixels.
 */
export function decodePhoto(
  bytes: Uint8Array,
  { name, maxPixels = MAX_PIXELS }: { name: string; maxPixels?: number },
): Promise<Pixels> {
  return naming(name, async () => {
    await header(bytes, maxPixels);
    return decode(bytes);
  });
}

/** Runs work on one photo; a PhotoError becomes an error for the user, with the photo's name. */
export async function naming<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PhotoError)) throw error;
    throw new UserError(`photo ${printable(name)}: ${error.message}`, { cause: error });
  }
}

/**
 * Size of a photo after EXIF orientation. Reads the header only when that is enough to know the
 * photo is whole (a JPEG that ends with its end marker), otherwise decodes it.
 * @throws PhotoError
 */
export async function probePhoto(
  bytes: Uint8Array,
  maxPixels: number,
): Promise<{ width: number; height: number }> {
  const { width, height } = (await header(bytes, maxPixels)).autoOrient;
  const endsWithMarker = bytes.at(-2) === 0xff && bytes.at(-1) === 0xd9;
  if (formatOf(bytes) !== 'JPEG' || !endsWithMarker) await decode(bytes);
  return { width, height };
}

async function header(bytes: Uint8Array, maxPixels: number): Promise<Metadata> {
  refuseUnsupported(bytes);
  const meta = await attempt(() => open(bytes).metadata());
  if (Math.max(meta.width, meta.height) > MAX_SIDE) {
    throw new PhotoError(`${meta.width}x${meta.height} is over the limit of ${MAX_SIDE} pixels a side`);
  }
  if (meta.width * meta.height > maxPixels) {
    throw new PhotoError(`${meta.width}x${meta.height} is over the limit of ${maxPixels} pixels`);
  }
  return meta;
}

/**
 * Decodes a photo whose header is known to be good: `probePhoto` has taken these very bytes.
 * @throws PhotoError
 */
export async function decode(bytes: Uint8Array): Promise<Pixels> {
  const photo = open(bytes).autoOrient();
  const { data, info } = await attempt(() =>
    // A JPEG is never transparent, and to say so costs a tenth of its decoding.
    (formatOf(bytes) === 'JPEG' ? photo : photo.flatten({ background: '#ffffff' }))
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true }),
  );
  if (info.channels !== 3) throw new PhotoError(`decodes to ${info.channels} channels instead of RGB`);
  const { buffer, byteOffset, length } = data;
  return { data: new Uint8Array(buffer, byteOffset, length), width: info.width, height: info.height };
}

/** The pixel limit is checked from the header, so that the message can give the size. */
function open(bytes: Uint8Array): Sharp {
  return sharp(bytes, { ignoreIcc: true, failOn: 'truncated', limitInputPixels: false });
}

/** Only formats that photos come in reach the decoder: an SVG, say, could name other files. */
function refuseUnsupported(bytes: Uint8Array): void {
  if (bytes.length === 0) throw new PhotoError('empty');
  const format = formatOf(bytes);
  if (format === undefined) throw new PhotoError('not an image');
  if (!SUPPORTED.includes(format)) {
    throw new PhotoError(`${format} is not supported; convert it to one of ${SUPPORTED.join(', ')}`);
  }
}

function formatOf(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  return SIGNATURES.find(([, pattern]) => pattern.test(start))?.[0];
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const detail = (error instanceof Error ? error.message : String(error)).trim().split('\n')[0]!;
    const truncated = /premature end|truncat|not enough data|unexpected end|read error/i.test(detail);
    throw new PhotoError(truncated ? `truncated (${detail})` : `cannot be decoded (${detail})`, {
      cause: error,
    });
  }
}
