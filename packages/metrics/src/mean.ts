import { checkNumbers, levelOf, type Confidence, type Numbers } from './checks.ts';
import { tQuantile, tTwoSided } from './probability.ts';

/** The mean over repeated runs. A single run has a mean and no interval: nulls. */
export interface SeedMean {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Sample standard deviation, n - 1 in the denominator. */
  readonly deviation: number | null;
  readonly n: number;
}

/**
 * The mean of one number a seed, with Student's interval: mean ± t s/√n, n - 1 degrees of freedom.
 * values: [n], n ≥ 1; with n = 1 there is no interval.
 * @throws UserError for no values, or NaN.
 */
export function meanOverSeeds(values: Numbers, options: Confidence = {}): SeedMean {
  checkNumbers('values over seeds', values);
  const all = Array.from(values);
  const n = all.length;
  const value = all.reduce((a, b) => a + b) / n;
  const level = levelOf(options);
  if (n === 1) return { value, low: null, high: null, deviation: null, n };
  const deviation = Math.sqrt(all.reduce((sum, v) => sum + (v - value) ** 2, 0) / (n - 1));
  const half = (tQuantile(0.5 + level / 2, n - 1) * deviation) / Math.sqrt(n);
  return { value, low: value - half, high: value + half, deviation, n };
}

/**
 * Student's test that the mean of one number a seed is 0, two-sided: t = mean √n / s, n - 1 degrees of
 * freedom. Of differences of paired runs it is the paired t test; p < α where the interval of
 * `meanOverSeeds` at 1 - α leaves out 0. Seeds that do not differ at all leave no doubt: p is 0, or 1
 * where they are all 0. values: [n]; null for n = 1.
 * @throws UserError for no values, or NaN.
 */
export function zeroMeanP(values: Numbers): number | null {
  const { value, deviation, n } = meanOverSeeds(values);
  if (deviation === null) return null;
  if (value === 0) return 1;
  return tTwoSided((value * Math.sqrt(n)) / deviation, n - 1);
}
