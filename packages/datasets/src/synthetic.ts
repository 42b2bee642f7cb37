import { hashOf, type Stream, stream, UserError } from '@resizer-lab/base';
import type { SplitName, SyntheticConfig } from './config.ts';
import { SCORES, type Votes, votesOfMean } from './scores.ts';

/** Raised whenever the same config would give other pixels: it is part of each picture's hash. */
const GENERATOR = 2;

/** Direction of each class' grating, as (x, y) steps: 0°, 90°, 45°, 135°. */
const DIRECTIONS = [
  [1, 0],
  [0, 1],
  [1, 1],
  [1, -1],
] as const;

type Direction = (typeof DIRECTIONS)[number];

const GREY = 127.5;

/** Patches of a fine grating in a picture. */
const PATCHES = 14;

interface Wave {
  /** Cycles a pixel along x and y. */
  readonly frequency: readonly [number, number];
  readonly amplitude: number;
  /** Radians, at the origin. */
  readonly phase: number;
  /** Gaussian window; none: the wave fills the picture. */
  readonly window?: { readonly x: number; readonly y: number; readonly sigma: number };
}

/** @throws UserError for numbers that give no picture set. */
export function checkSynthetic({ size, target, train, test, classes }: SyntheticConfig): void {
  const refuse = (message: string) => {
    throw new UserError(`synthetic data set: ${message}`, { exitCode: 2 });
  };
  for (const [name, value] of Object.entries({ size, target, train, test, classes: classes ?? 2 })) {
    if (!Number.isInteger(value) || value < 1) refuse(`${name} is ${value}, not a positive whole number`);
  }
  if (size > 4096) refuse(`size ${size} is over the limit of 4096`);
  if (size % target !== 0 || size / target < 3) {
    refuse(`size ${size} is not 3, 4, … times target ${target}; try size ${4 * target}`);
  }
  if (classes !== undefined && (classes < 2 || classes > DIRECTIONS.length))
    refuse(`classes is ${classes}; it can be 2, 3 or 4`);
}

/** Class of a picture; each class has the same number of pictures, give or take one. */
export function syntheticLabel({ classes = 1 }: SyntheticConfig, index: number): number {
  return index % classes;
}

/** The votes on a picture of a set with scores, from 1 for no patch of the first direction to 10 for all. */
export function syntheticVotes(config: SyntheticConfig, split: SplitName, index: number): { votes?: Votes } {
  if (config.classes !== undefined) return {};
  return { votes: votesOfMean(1 + ((SCORES - 1) * ofFirst(config, split, index)) / PATCHES) };
}

/** How many of the patches of a picture with a score have the first direction. */
function ofFirst({ seed, version }: SyntheticConfig, split: SplitName, index: number): number {
  return stream(seed, 'synthetic score', version, split, index).integer(PATCHES + 1);
}

/** Identity of a picture's pixels, known without making them. */
export function syntheticHash(config: SyntheticConfig, split: SplitName, index: number): string {
  const { version, size, target, classes, seed } = config;
  return hashOf({ generator: GENERATOR, version, size, target, classes, seed, split, index });
}

/**
 * One picture of a synthetic set: uint8 [size, size, 3].
 *
 * *Positive control.* Patches of a fine grating, the class its direction, on a coloured background
 * of low frequencies. With k = size / target, half-pixel bilinear resizing reads the same offset
 * in each k×k block (the middle pixel, or the mean of the middle two when k is even). The grating's
 * frequency is 1/k along the axes of its direction, twice the target's Nyquist limit, so that every
 * class aliases to frequency zero with the random phase of its patch: the same faint blobs whatever
 * the class. Amplitudes are matched so that the blobs are equally strong. A filter of the right
 * direction followed by a nonlinearity, before the resize, turns the grating into brightness.
 *
 * *Negative control.* The same background, and one coarse grating across the picture, three cycles
 * long: nothing in it lies above the target's Nyquist limit, so that resizing loses nothing.
 *
 * *With scores* each patch has one of the first two directions; the share of the first one is the
 * score. The blobs that bilinear resizing leaves do not depend on it. In the negative control nothing
 * in the picture does: the scores have nothing to do with it, and whoever learns them has seen them.
 */
export function syntheticImage(config: SyntheticConfig, split: SplitName, index: number): Uint8Array {
  const draws = stream(config.seed, 'synthetic', config.version, split, index);
  const { size, classes } = config;
  const own = DIRECTIONS[syntheticLabel(config, index)]!;
  const first = classes === undefined ? ofFirst(config, split, index) : PATCHES;
  const directionOf = (patch: number) => (patch < first ? own : DIRECTIONS[1]);
  const channels = [0, 1, 2].map(() => new Float64Array(size * size).fill(GREY));
  for (const { wave, colour } of background(config, draws)) {
    channels.forEach((channel, c) =>
      addWave(channel, size, { ...wave, amplitude: wave.amplitude * colour[c]! }),
    );
  }
  const grating =
    config.version === 'positive'
      ? fineGrating(config, directionOf, draws)
      : [coarseGrating(config, own, draws)];
  const luminance = new Float64Array(size * size);
  for (const wave of grating) addWave(luminance, size, wave);
  return interleaved(channels, luminance);
}

/** Twelve waves below half the target's Nyquist limit, amplitude falling as 1/frequency. */
function background({ size, target }: SyntheticConfig, draws: Stream) {
  const lowest = 0.5 / size;
  const highest = (0.25 * target) / size;
  return Array.from({ length: 12 }, () => {
    const frequency = lowest * (highest / lowest) ** draws.uniform();
    const angle = Math.PI * draws.uniform();
    const amplitude = 3 * Math.min(3, Math.sqrt(highest / frequency)) * (0.5 + draws.uniform());
    const colour = [0, 1, 2].map(() => 1 + 0.5 * (draws.uniform() - 0.5));
    return {
      wave: {
        frequency: [frequency * Math.cos(angle), frequency * Math.sin(angle)],
        amplitude,
        phase: phase(draws),
      } satisfies Wave,
      colour,
    };
  });
}

function fineGrating(
  { size, target }: SyntheticConfig,
  directionOf: (patch: number) => Direction,
  draws: Stream,
): Wave[] {
  const k = size / target;
  const sigma = size / 9;
  return Array.from({ length: PATCHES }, (_, patch) => {
    const [x, y] = directionOf(patch);
    // What is left of the wave in the mean of two neighbours is cos(π/k) for each axis it runs along.
    const matched = k % 2 === 0 ? Math.cos(Math.PI / k) ** (2 - Math.abs(x) - Math.abs(y)) : 1;
    const [dx, dy] = detuning(size, draws);
    return {
      // Detuned the same way for all directions: the phase drifts over a patch, as in a real texture.
      frequency: [x / k + dx, y / k + dy],
      amplitude: matched * (48 + 32 * draws.uniform()),
      phase: phase(draws),
      window: { x: size * draws.uniform(), y: size * draws.uniform(), sigma },
    };
  });
}

function coarseGrating({ size }: SyntheticConfig, [x, y]: Direction, draws: Stream): Wave {
  const cycles = 3 / Math.hypot(x, y);
  return {
    frequency: [(x * cycles) / size, (y * cycles) / size],
    amplitude: 20 + 10 * draws.uniform(),
    phase: phase(draws),
  };
}

function phase(draws: Stream): number {
  return 2 * Math.PI * draws.uniform();
}

/** Normal in the plane, of deviation 0.3 cycles over the picture: by radius and angle (Box and Muller). */
function detuning(size: number, draws: Stream): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(1 - draws.uniform()));
  const angle = 2 * Math.PI * draws.uniform();
  return [(0.3 * (radius * Math.cos(angle))) / size, (0.3 * (radius * Math.sin(angle))) / size];
}

/** Adds amplitude · window · cos(2π(fx·x + fy·y) + phase), as the real part of a product of two phasors. */
function addWave(field: Float64Array, size: number, { frequency, amplitude, phase, window }: Wave): void {
  const across = phasors(size, { frequency: frequency[0], phase, centre: window?.x, sigma: window?.sigma });
  const down = phasors(size, { frequency: frequency[1], phase: 0, centre: window?.y, sigma: window?.sigma });
  for (let y = 0; y < size; y++) {
    const re = amplitude * down.re[y]!;
    const im = amplitude * down.im[y]!;
    for (let x = 0; x < size; x++) field[y * size + x]! += re * across.re[x]! - im * across.im[x]!;
  }
}

function phasors(
  size: number,
  at: { frequency: number; phase: number; centre: number | undefined; sigma: number | undefined },
) {
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const angle = 2 * Math.PI * at.frequency * i + at.phase;
    const distance = at.centre === undefined || at.sigma === undefined ? 0 : (i - at.centre) / at.sigma;
    const weight = Math.exp(-0.5 * distance * distance);
    re[i] = weight * Math.cos(angle);
    im[i] = weight * Math.sin(angle);
  }
  return { re, im };
}

function interleaved(channels: readonly Float64Array[], luminance: Float64Array): Uint8Array {
  const pixels = new Uint8ClampedArray(luminance.length * 3);
  for (let i = 0; i < luminance.length; i++) {
    for (let c = 0; c < 3; c++) pixels[i * 3 + c] = channels[c]![i]! + luminance[i]!;
  }
  return new Uint8Array(pixels.buffer);
}
