import { stream } from '@resizer-lab/base';
import { describe, expect, it } from 'vitest';
import { goldens } from '../goldens/goldens.ts';
import { bcaInterval, percentileInterval } from './bootstrap.ts';
import { bootstrap } from './index.ts';

const { data, replicates, bca, percentile, manyResamples } = goldens.bootstrap;
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
const meanAt = (indices: Int32Array) => mean(Array.from(indices, (i) => data[i]!));

describe('intervals from replicates', () => {
  it('are those of scipy.stats.bootstrap', () => {
    const value = mean(data);
    const jackknife = data.map((_, i) => mean(data.filter((__, j) => j !== i)));
    const own = bcaInterval({ value, replicates, jackknife });
    expect(own.low).toBeCloseTo(bca[0]!, 9);
    expect(own.high).toBeCloseTo(bca[1]!, 9);
    expect(percentileInterval(value, replicates).low).toBeCloseTo(percentile[0]!, 9);
    expect(percentileInterval(value, replicates).high).toBeCloseTo(percentile[1]!, 9);
  });

  it('are none where all replicates lie on one side of the value', () => {
    const oneSided = { value: 9, replicates: [1, 2, 3], jackknife: [1, 2] };
    expect(bcaInterval(oneSided)).toEqual({ value: 9, low: null, high: null });
  });
});

describe('bootstrap', () => {
  it('comes near the interval of 400,000 resamples, by default with BCa', () => {
    const own = bootstrap(data.length, meanAt, { random: stream(5, 'test'), resamples: 20_000 });
    expect(own.low).toBeCloseTo(manyResamples[0]!, 1);
    expect(own.high).toBeCloseTo(manyResamples[1]!, 1);
  });

  it('covers the true mean of skewed data about as often as it says', () => {
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const random = stream(trial, 'coverage');
      const sample = Array.from({ length: 40 }, () => -Math.log(1 - random.uniform()));
      const statistic = (indices: Int32Array) => mean(Array.from(indices, (i) => sample[i]!));
      const { low, high } = bootstrap(40, statistic, { random, resamples: 300, confidence: 0.9 });
      if (low! < 1 && high! > 1) covered++;
    }
    // BCa reaches about 0.87 at this size; four standard errors of 200 trials are 0.1.
    expect(covered / 200).toBeGreaterThan(0.78);
    expect(covered / 200).toBeLessThan(0.97);
  });

  it('takes grouped jackknife values for many items and still finds the skew', () => {
    const random = stream(2, 'long');
    const sample = Float64Array.from({ length: 3000 }, () => (1 - random.uniform()) ** -0.3);
    const statistic = (indices: Int32Array) => indices.reduce((sum, i) => sum + sample[i]!, 0) / 3000;
    const scaled = (indices: Int32Array) => (statistic(indices) * 3000) / indices.length;
    const { value, low, high } = bootstrap(3000, scaled, { random, resamples: 1000 });
    expect(low).toBeLessThan(value);
    expect(high! - value).toBeGreaterThan(value - low!);
  });

  it('has no interval for a statistic that is undefined on 1 % of the resamples, and leaves out fewer', () => {
    const random = stream(1, 'x');
    // One item alone makes up 11 % of the resamples of 3; fewer than 3 items hardly any of those of 10.
    const sometimes = (indices: Int32Array) => (new Set(indices).size < 2 ? null : indices[0]!);
    expect(bootstrap(3, sometimes, { random })).toEqual({ value: 0, low: null, high: null });
    const hardly = (indices: Int32Array) => (new Set(indices).size < 3 ? null : mean([...indices]));
    expect(bootstrap(10, hardly, { random }).low).toBeLessThan(4.5);
  });

  it('names a statistic that is undefined', () => {
    expect(() => bootstrap(5, () => null, { random: stream(1, 'x') })).toThrow('undefined on all 5 items');
    expect(() => bootstrap(1, () => 1, { random: stream(1, 'x') })).toThrow('bootstrap: items is 1');
  });
});
