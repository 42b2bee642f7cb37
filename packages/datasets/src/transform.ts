import { type Stream, UserError } from '@resizer-lab/base';
import { MAX_PIXELS, PhotoError, type Pixels } from './photo.ts';
import { type Box, cut, resample } from './resample.ts';
import type { PhotoInterpolation } from './taps.ts';

/** [height, width] */
export type Size = readonly [height: number, width: number];

/** How a photo is brought to the input size. */
export type Fit =
  /** The whole photo, its aspect ratio given up. */
  | { readonly fit: 'stretch' }
  /** The whole photo, its aspect ratio kept, in the middle of a grey frame. */
  | { readonly fit: 'pad' }
  /** The short side is resized to `shortSide`, then the centre is cut out. Default: bilinear. */
  | {
      readonly fit: 'center-crop';
      readonly shortSide: number;
      readonly interpolation?: PhotoInterpolation;
    }
  /**
   * A random part of the photo: `scale` is the range of its share of the area, `ratio` that of
   * width / height (Szegedy et al. 2015, "Going deeper with convolutions", section 6).
   */
  | {
      readonly fit: 'random-resized-crop';
      readonly scale: readonly [number, number];
      readonly ratio: readonly [number, number];
    };

/** What happens to a photo on its way into a batch; `flip`: mirrored with probability ½. */
export type Transform = Fit & { readonly flip?: boolean };

type RandomCrop = Extract<Fit, { fit: 'random-resized-crop' }>;

/**
 * The part of a transform that is the same in each epoch: the photo as far as it can be fitted
 * before anything random is drawn. For a random crop that is the whole photo.
 * @throws PhotoError when the photo is so long that resizing its short side would take too much memory.
 */
export function prepare(photo: Pixels, size: Size, transform: Transform): Pixels {
  return transform.fit === 'random-resized-crop' ? photo : fit(photo, size, transform);
}

/** Size of what `prepare` makes of a photo. */
export function preparedSize(
  { width, height }: { readonly width: number; readonly height: number },
  size: Size,
  transform: Transform,
): Size {
  return transform.fit === 'random-resized-crop' ? [height, width] : size;
}

/** What of a transform and a size the pixels depend on that `prepare` yields. */
export function preparation(transform: Transform, size: Size): unknown {
  if (transform.fit === 'random-resized-crop') return 'whole';
  return { ...transform, flip: undefined, size };
}

/** The rest of a transform: writes a prepared photo, fitted, into `into`: uint8 [h, w, 3]. */
export function finish(
  prepared: Pixels,
  size: Size,
  { transform, draws, into }: { transform: Transform; draws: Stream; into: Uint8Array },
): void {
  const { data } =
    transform.fit === 'random-resized-crop'
      ? resample(prepared, size, { box: randomBox(prepared, transform, draws) })
      : prepared;
  if (data !== into) into.set(data);
  if (transform.flip && draws.uniform() < 0.5) mirror(into, size);
}

/**
 * Fits a photo to [h, w]: uint8 [h, w, 3]. A photo (or the part that is cut out) that has the
 * size already keeps its pixels; any other is resampled, antialiased (see `resample`).
 * Everything random is drawn from `draws`, the crop first, then the flip.
 * @throws PhotoError when the photo is so long that resizing its short side would take too much memory.
 */
export function fitPhoto(
  photo: Pixels,
  size: Size,
  { transform, draws }: { transform: Transform; draws: Stream },
): Uint8Array {
  const into = new Uint8Array(size[0] * size[1] * 3);
  finish(prepare(photo, size, transform), size, { transform, draws, into });
  return into;
}

/** @throws UserError for a transform that cannot yield photos of this size. */
export function checkTransform(transform: Transform, [height, width]: Size): void {
  const refuse = (message: string) => {
    throw new UserError(`transform ${transform.fit}: ${message}`, { exitCode: 2 });
  };
  if (transform.fit === 'center-crop' && transform.shortSide < Math.max(height, width)) {
    refuse(`shortSide ${transform.shortSide} is smaller than the ${height}x${width} that is cut out`);
  }
  if (transform.fit === 'random-resized-crop') {
    const { scale, ratio } = transform;
    if (!(0 < scale[0] && scale[0] <= scale[1] && scale[1] <= 1)) {
      refuse(`scale [${scale.join(', ')}] is no range within (0, 1]`);
    }
    if (!(0 < ratio[0] && ratio[0] <= ratio[1])) refuse(`ratio [${ratio.join(', ')}] is no range above 0`);
  }
}

function fit(photo: Pixels, [height, width]: Size, transform: Exclude<Fit, RandomCrop>): Pixels {
  switch (transform.fit) {
    case 'stretch':
      return resample(photo, [height, width]);
    case 'pad':
      return framed(resample(photo, longSideWithin(photo, [height, width])), [height, width]);
    case 'center-crop': {
      const { shortSide, interpolation } = transform;
      const scaled = resample(photo, shortSideTo(photo, shortSide), interpolation && { interpolation });
      return cut(scaled, centre(scaled, { width, height }));
    }
  }
}

/** The largest size of this aspect ratio that lies within the other one, its short side rounded. */
function longSideWithin(photo: Pixels, [height, width]: Size): Size {
  const scale = Math.min(height / photo.height, width / photo.width);
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return [Math.min(height, side(photo.height)), Math.min(width, side(photo.width))];
}

/** The middle of the byte range: what backbones scale to about zero. */
const FRAME = 128;

function framed(photo: Pixels, [height, width]: Size): Pixels {
  if (photo.width === width && photo.height === height) return photo;
  const data = new Uint8Array(width * height * 3).fill(FRAME);
  const left = Math.floor((width - photo.width) / 2);
  const top = Math.floor((height - photo.height) / 2);
  const length = photo.width * 3;
  for (let y = 0; y < photo.height; y++) {
    data.set(photo.data.subarray(y * length, (y + 1) * length), ((top + y) * width + left) * 3);
  }
  return { data, width, height };
}

/** The long side is rounded to the nearest pixel. */
function shortSideTo({ width, height }: Pixels, shortSide: number): Size {
  const long = Math.round((shortSide * Math.max(width, height)) / Math.min(width, height));
  if (long * shortSide > MAX_PIXELS) {
    throw new PhotoError(`${width}x${height} is too long to have its short side at ${shortSide}`);
  }
  return width < height ? [long, shortSide] : [shortSide, long];
}

function centre(photo: Pixels, { width, height }: { width: number; height: number }): Box {
  const left = Math.floor((photo.width - width) / 2);
  const top = Math.floor((photo.height - height) / 2);
  return { left, top, width, height };
}

/** Ten tries, then the largest central part whose aspect ratio is allowed, as in torchvision. */
function randomBox(
  photo: Pixels,
  { scale, ratio }: { scale: readonly [number, number]; ratio: readonly [number, number] },
  draws: Stream,
): Box {
  const between = ([low, high]: readonly [number, number]) => low + (high - low) * draws.uniform();
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = photo.width * photo.height * between(scale);
    const aspect = Math.exp(between([Math.log(ratio[0]), Math.log(ratio[1])]));
    const width = Math.max(1, Math.round(Math.sqrt(area * aspect)));
    const height = Math.max(1, Math.round(Math.sqrt(area / aspect)));
    if (width > photo.width || height > photo.height) continue;
    const left = draws.integer(photo.width - width + 1);
    const top = draws.integer(photo.height - height + 1);
    return { left, top, width, height };
  }
  return centre(photo, {
    width: Math.max(1, Math.min(photo.width, Math.round(photo.height * ratio[1]))),
    height: Math.max(1, Math.min(photo.height, Math.round(photo.width / ratio[0]))),
  });
}

/** Mirrors [h, w, 3] left to right, in place. */
function mirror(data: Uint8Array, [height, width]: Size): void {
  for (let y = 0; y < height; y++) {
    let left = y * width * 3;
    for (let right = left + (width - 1) * 3; left < right; left += 3, right -= 3) {
      for (let c = 0; c < 3; c++) {
        const kept = data[left + c]!;
        data[left + c] = data[right + c]!;
        data[right + c] = kept;
      }
    }
  }
}
