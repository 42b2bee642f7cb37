/** Which neighbours a resampled pixel is made of: two an axis, or four; more where the photo shrinks. */
export type PhotoInterpolation = 'bilinear' | 'bicubic';

interface Kernel {
  /** Half the width, in input pixels where the photo does not shrink. */
  readonly support: number;
  readonly at: (distance: number) => number;
}

const kernels: Record<PhotoInterpolation, Kernel> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: keys },
};

/** Cubic convolution with a = −½ (Keys 1981). */
function keys(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/** Bits behind the point of a weight: products with bytes and their sums stay within 32 bits. */
const BITS = 22;

/** For each output position, the input positions it reads and their weights, which sum to one. */
export interface Taps {
  readonly start: Int32Array;
  /** Where the weights of an output position begin; those of the next one follow. */
  readonly offset: Int32Array;
  /** Times 2^22. */
  readonly weights: Int32Array;
}

/** How one side of a photo is resampled. */
export interface Side {
  readonly input: number;
  readonly output: number;
  readonly interpolation: PhotoInterpolation;
}

/** Weights that are remembered, 4 MB: those of all random crops of photos of usual sizes. */
const REMEMBERED = 2 ** 20;

const remembered = new Map<string, Taps>();
let rememberedWeights = 0;

/** The taps of one side. Photos, and random parts of them, have the same sizes again and again. */
export function tapsOf(side: Side): Taps {
  const key = `${side.interpolation} ${side.input} ${side.output}`;
  const known = remembered.get(key);
  if (known) return known;
  const taps = computeTaps(side);
  if (rememberedWeights + taps.weights.length > REMEMBERED) {
    remembered.clear();
    rememberedWeights = 0;
  }
  remembered.set(key, taps);
  rememberedWeights += taps.weights.length;
  return taps;
}

function computeTaps({ input, output, interpolation }: Side): Taps {
  const { support, at } = kernels[interpolation];
  const scale = input / output;
  const stretch = Math.max(scale, 1);
  // Not a division: the last bit of a weight decides some roundings.
  const shrink = 1 / stretch;
  const start = new Int32Array(output);
  const offset = new Int32Array(output + 1);
  const weights: number[] = [];
  for (let i = 0; i < output; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support * stretch + 0.5));
    const end = Math.min(input, Math.floor(centre + support * stretch + 0.5));
    const from = weights.length;
    let sum = 0;
    for (let k = first; k < end; k++) {
      const weight = at((k - centre + 0.5) * shrink);
      weights.push(weight);
      sum += weight;
    }
    for (let k = from; k < weights.length; k++) weights[k] = fixedPoint(weights[k]! / sum);
    start[i] = first;
    offset[i + 1] = weights.length;
  }
  return { start, offset, weights: Int32Array.from(weights) };
}

/** Halves are rounded away from zero. */
function fixedPoint(weight: number): number {
  return Math.trunc(weight * 2 ** BITS + Math.sign(weight) / 2);
}
