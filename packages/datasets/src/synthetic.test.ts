import { sha256 } from '@resizer-lab/base';
import { describe, expect, it } from 'vitest';
import type { SyntheticConfig } from './config.ts';
import { openDataset } from './manifest.ts';
import { syntheticImage, syntheticLabel, syntheticVotes } from './synthetic.ts';

const scored: SyntheticConfig = {
  kind: 'synthetic',
  version: 'positive',
  size: 64,
  target: 16,
  train: 400,
  test: 200,
  seed: 1,
};

const config: SyntheticConfig = { ...scored, classes: 4 };

/** Luminance about zero, [size, size]. */
type Picture = Float64Array;

function greyOf(set: SyntheticConfig, index: number, split: 'train' | 'test' = 'train'): Picture {
  const pixels = syntheticImage(set, split, index);
  return Float64Array.from({ length: set.size ** 2 }, (_, p) => {
    return (pixels[p * 3]! + pixels[p * 3 + 1]! + pixels[p * 3 + 2]!) / 3 - 127.5;
  });
}

/** Half-pixel bilinear without antialiasing, by a whole factor k: the middle pixel of each block, or the mean of the middle four. */
function subsampled(picture: Picture, { size, target }: SyntheticConfig): Picture {
  const k = size / target;
  const taps = k % 2 === 0 ? [k / 2 - 1, k / 2] : [(k - 1) / 2];
  return Float64Array.from({ length: target * target }, (_, i) => {
    const [x, y] = [(i % target) * k, Math.floor(i / target) * k];
    const read = taps.flatMap((dy) => taps.map((dx) => picture[(y + dy) * size + x + dx]!));
    return read.reduce((a, b) => a + b) / read.length;
  });
}

/** Mean product of neighbours at all distances up to 3: what tells one texture from another. */
function correlations(picture: Picture): number[] {
  const size = Math.sqrt(picture.length);
  const mean = picture.reduce((a, b) => a + b) / picture.length;
  const at = (x: number, y: number) => picture[y * size + x]! - mean;
  const lags = [-3, -2, -1, 0, 1, 2, 3].flatMap((dy) => [0, 1, 2, 3].map((dx) => [dx, dy] as const));
  const energy = 1e-9 + picture.reduce((sum, value) => sum + (value - mean) ** 2, 0) / picture.length;
  return lags.map(([dx, dy]) => {
    let sum = 0;
    for (let y = 3; y < size - 3; y++)
      for (let x = 0; x < size - 3; x++) sum += at(x, y) * at(x + dx, y + dy);
    return sum / (size - 6) / (size - 3) / energy;
  });
}

/** Energy, over the picture, of a grating of each direction at 1/k cycles a pixel: what a 7×7 filter can see. */
function gratingEnergies(picture: Picture, { size, target }: SyntheticConfig): number[] {
  const frequency = (2 * Math.PI * target) / size;
  return [
    [1, 0],
    [0, 1],
    [1, 1],
    [1, -1],
  ].map(([fx, fy]) => {
    let energy = 0;
    for (let y = 3; y < size - 3; y += 5) {
      for (let x = 3; x < size - 3; x += 5) {
        let [re, im] = [0, 0];
        for (let i = 0; i < 49; i++) {
          const [dx, dy] = [(i % 7) - 3, Math.floor(i / 7) - 3];
          const value = picture[(y + dy) * size + x + dx]! * Math.exp(-(dx * dx + dy * dy) / 8);
          re += value * Math.cos(frequency * (fx! * dx + fy! * dy));
          im += value * Math.sin(frequency * (fx! * dx + fy! * dy));
        }
        energy += re * re + im * im;
      }
    }
    return Math.log(energy);
  });
}

/** Class of a picture; of one with a score, whether it is in the upper half. */
function labelOf(set: SyntheticConfig, split: 'train' | 'test', i: number): number {
  const { votes } = syntheticVotes(set, split, i);
  return votes ? Number(scoreOf(votes) > 5.5) : syntheticLabel(set, i);
}

const scoreOf = (votes: readonly number[]) => votes.reduce((sum, vote, score) => sum + vote * (score + 1), 0);

/** Share of test pictures that the nearest class mean (features scaled to unit variance) gets wrong. */
function errorOf(features: (picture: Picture) => number[], set: SyntheticConfig): number {
  const load = (split: 'train' | 'test') =>
    Array.from({ length: set[split] }, (_, i) => {
      const grey = greyOf(set, i, split);
      return { label: labelOf(set, split, i), values: features(grey) };
    });
  const train = load('train');
  const mean = (rows: typeof train, f: number) =>
    rows.reduce((sum, { values }) => sum + values[f]!, 0) / rows.length;
  const names = train[0]!.values.map((_, f) => f);
  const spread = names.map((f) => {
    const centre = mean(train, f);
    return (
      1e-9 + Math.sqrt(train.reduce((sum, { values }) => sum + (values[f]! - centre) ** 2, 0) / train.length)
    );
  });
  const centres = Array.from({ length: set.classes ?? 2 }, (_, label) => {
    const rows = train.filter((row) => row.label === label);
    return names.map((f) => mean(rows, f));
  });
  const guess = (values: number[]) => {
    const distances = centres.map((c) =>
      names.reduce((sum, f) => sum + ((values[f]! - c[f]!) / spread[f]!) ** 2, 0),
    );
    return distances.indexOf(Math.min(...distances));
  };
  const test = load('test');
  return test.filter(({ label, values }) => guess(values) !== label).length / test.length;
}

const afterResizing = (set: SyntheticConfig) => (picture: Picture) => {
  const small = subsampled(picture, set);
  return [...small, ...small.map(Math.abs), ...small.map((v) => v * v), ...correlations(small)];
};

describe('the positive control', () => {
  it.each([
    [64, 16],
    [48, 16],
  ])('shows its class at %i, and nothing of it after bilinear resizing to %i', (size, target) => {
    const set = { ...config, size, target };
    const few = { ...set, train: 40, test: 60 };
    expect(errorOf((picture) => gratingEnergies(picture, few), few)).toBe(0);
    // Chance is 0.75 ± 0.03 on 200 pictures.
    expect(errorOf(afterResizing(set), set)).toBeGreaterThan(0.65);
  });

  it('has hardly a pixel that is clipped', () => {
    const pixels = Array.from({ length: 40 }, (_, i) => [...syntheticImage(config, 'train', i)]).flat();
    expect(pixels.filter((value) => value === 0 || value === 255).length / pixels.length).toBeLessThan(0.002);
  });
});

describe('the negative control', () => {
  const negative: SyntheticConfig = { ...config, version: 'negative' };

  it('shows its class after resizing as well as before', () => {
    const few = { ...negative, train: 200, test: 100 };
    expect(errorOf((picture) => correlations(subsampled(picture, few)), few)).toBeLessThan(0.1);
  });

  it('holds nothing above the Nyquist limit of the target size', () => {
    // Reading the resized picture back by interpolation would miss any such detail; here its
    // spectrum says so, along the rows: all energy beyond the limit against all there is.
    const { size, target } = negative;
    const rowSpectrum = (version: 'positive' | 'negative') => {
      const pixels = syntheticImage({ ...negative, version }, 'train', 0);
      const row = Float64Array.from({ length: size }, (_, x) => pixels[(20 * size + x) * 3 + 1]! - 127.5);
      // Hann window: no leakage from the ends of the row.
      const windowed = row.map((v, x) => v * Math.sin((Math.PI * (x + 0.5)) / size) ** 2);
      return Array.from({ length: size / 2 }, (_, f) => {
        let [re, im] = [0, 0];
        windowed.forEach((v, x) => {
          re += v * Math.cos((2 * Math.PI * f * x) / size);
          im += v * Math.sin((2 * Math.PI * f * x) / size);
        });
        return re * re + im * im;
      });
    };
    const beyond = (spectrum: number[]) =>
      spectrum.slice(target / 2 + 2).reduce((a, b) => a + b) / spectrum.reduce((a, b) => a + b);
    expect(beyond(rowSpectrum('negative'))).toBeLessThan(0.001);
    expect(beyond(rowSpectrum('positive'))).toBeGreaterThan(0.05);
  });
});

describe('pictures with scores', () => {
  it('have scores from 1 to 10, as many low ones as high ones, that follow the direction', async () => {
    const { splits } = (await openDataset(scored)).manifest;
    const scores = splits.train.map(({ votes }) => scoreOf(votes!));
    expect(Math.min(...scores)).toBe(1);
    expect(Math.max(...scores)).toBe(10);
    const mean = scores.reduce((a, b) => a + b) / scores.length;
    // Uniform on 15 values from 1 to 10: deviation 2.8, of the mean of 400 pictures 0.14.
    expect(Math.abs(mean - 5.5)).toBeLessThan(0.45);
    const across = scores.indexOf(10);
    expect(gratingEnergies(greyOf(scored, across), scored)[0]).toBeGreaterThan(
      gratingEnergies(greyOf(scored, across), scored)[1]! + 2,
    );
  });

  it('show them before bilinear resizing, and nothing of them after it', () => {
    const few = { ...scored, train: 60, test: 60 };
    expect(errorOf((picture) => gratingEnergies(picture, few), few)).toBeLessThan(0.12);
    // Chance is 0.5 ± 0.035 on 200 pictures.
    expect(errorOf(afterResizing(scored), scored)).toBeGreaterThan(0.39);
  });

  it('show nothing of them in the negative control', () => {
    const set = { ...scored, version: 'negative' as const };
    expect(errorOf((picture) => [...picture.slice(0, 200), ...correlations(picture)], set)).toBeGreaterThan(
      0.39,
    );
  });
});

describe('a synthetic set', () => {
  it('keeps its pictures from one version to the next; else GENERATOR must be raised', () => {
    const hashes = (['positive', 'negative'] as const).map((version) =>
      sha256(syntheticImage({ ...config, version }, 'train', 3)),
    );
    expect(hashes).toEqual([
      '800a0296c69b55455a367cb54cabf96542f3c093c043df781a858ece9fb35e49',
      '31642bb0f21da4b4054f18fdf97732b7679bdd88fc130148ebf4924ef453d059',
    ]);
  });

  it('has balanced classes and splits that share no picture', () => {
    const labels = Array.from({ length: 400 }, (_, i) => syntheticLabel(config, i));
    for (let c = 0; c < 4; c++) expect(labels.filter((label) => label === c)).toHaveLength(100);
    expect(syntheticImage(config, 'train', 0)).not.toEqual(syntheticImage(config, 'test', 0));
  });

  it('is identified by everything its pixels depend on', async () => {
    const hash = async (more: Partial<SyntheticConfig>) =>
      (await openDataset({ ...config, train: 4, test: 4, ...more })).manifest.hash;
    const all = await Promise.all(
      [{}, { version: 'negative' as const }, { size: 48 }, { seed: 2 }, { classes: 3 }, { train: 5 }].map(
        hash,
      ),
    );
    expect(new Set(all).size).toBe(6);
    expect(await hash({})).toBe(all[0]);
  });

  it.each([
    [{ size: 60 }, 'size 60 is not 3, 4, … times target 16; try size 64'],
    [{ size: 32 }, 'size 32 is not'],
    [{ size: 8192 }, 'over the limit'],
    [{ classes: 5 }, 'classes is 5; it can be 2, 3 or 4'],
    [{ train: -1 }, 'train is -1, not a positive whole number'],
    [{ target: Number.NaN }, 'target is NaN'],
  ])('refuses %o', async (more, message) => {
    await expect(openDataset({ ...config, ...more })).rejects.toThrow(message);
  });
});
