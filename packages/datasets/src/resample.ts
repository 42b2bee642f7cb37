import { mixerFor, type Rows } from './mixer.ts';
import type { Pixels } from './photo.ts';
import { type PhotoInterpolation, tapsOf } from './taps.ts';

/** A part of a photo, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Resamples a photo, or the part of it that `box` names, as Pillow does, bit for bit: half-pixel
 * centres, the filter widened by in / out along a side that shrinks, so that it does not alias; to its
 * width first, rounded to bytes, then to its height (Pillow 13 takes the height first for some photos).
 * Values are used as they are encoded. Public accuracies are stated for such photos, and depend on the
 * details by a photo or two in a hundred. Written here because libvips shifts a picture by a part of a
 * pixel when it enlarges it.
 */
export function resample(
  photo: Pixels,
  [height, width]: readonly [height: number, width: number],
  { interpolation = 'bilinear', box = whole(photo) }: { interpolation?: PhotoInterpolation; box?: Box } = {},
): Pixels {
  if (height === box.height && width === box.width) return cut(photo, box);
  const columns =
    width === box.width ? undefined : tapsOf({ input: box.width, output: width, interpolation });
  const rows =
    height === box.height ? undefined : tapsOf({ input: box.height, output: height, interpolation });
  const stride = photo.width * 3;
  const source = photo.data.subarray(box.top * stride, (box.top + box.height) * stride);
  const mixer = mixerFor(source.length + (box.height + height) * width * 3, columns, rows);
  let image: Rows = { at: mixer.put(source) + box.left * 3, stride };
  if (columns) image = mixer.mixColumns(image, box.height, columns);
  if (rows) image = mixer.mixRows(image, width * 3, rows);
  return { data: mixer.take(image.at, width * height * 3), width, height };
}

/** The part of a photo that a box names; the photo itself, where that is all of it. */
export function cut(photo: Pixels, { left, top, width, height }: Box): Pixels {
  if (width === photo.width && height === photo.height) return photo;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * photo.width + left) * 3;
    data.set(photo.data.subarray(start, start + width * 3), y * width * 3);
  }
  return { data, width, height };
}

function whole({ width, height }: Pixels): Box {
  return { left: 0, top: 0, width, height };
}
