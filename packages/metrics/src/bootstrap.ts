import { type Stream, UserError } from '@resizer-lab/base';
import {
  checkCount,
  checkNumbers,
  levelOf,
  type Confidence,
  type Estimate,
  type Numbers,
  type OpenEstimate,
} from './checks.ts';
import { normalCdf, normalQuantile } from './probability.ts';

/**
 * A statistic of the items at `indices` (repeats included), or null where it is undefined, as a
 * correlation is when all values are equal.
 */
export type Statistic = (indices: Int32Array) => number | null;

export interface BootstrapOptions extends Confidence {
  /** Where the resamples come from, such as `stream(seed, 'bootstrap', arm)`. */
  readonly random: Stream;
  /** Default 2000. */
  readonly resamples?: number;
  /** Percentile interval, or the bias-corrected and accelerated one. Default 'bca'. */
  readonly method?: 'percentile' | 'bca';
}

/** BCa needs the statistic without each item; beyond this many items, without each of so many groups. */
const JACKKNIFE_GROUPS = 400;

/**
 * The bootstrap interval of a statistic of n items. The items are resampled as wholes, so a statistic
 * that looks up two classifiers at the same indices gives the paired bootstrap of their difference.
 * The same stream gives the same interval. There is none (nulls) where the items say too little for one:
 * the statistic is undefined on 1 % of the resamples or more (fewer are left out), or, for BCa, all of
 * them lie on one side of its value.
 * @throws UserError if n < 2, or the statistic is undefined on the items.
 */
export function bootstrap(n: number, statistic: Statistic, options: BootstrapOptions): OpenEstimate {
  checkCount('bootstrap: items', n, [2, 2 ** 31 - 1]);
  const value = statistic(Int32Array.from({ length: n }, (_, i) => i));
  if (value === null) throw new UserError(`bootstrap: the statistic is undefined on all ${n} items`);
  const replicates = resample(n, statistic, options);
  if (replicates === null) return { value, low: null, high: null };
  return options.method === 'percentile'
    ? percentileInterval(value, replicates, options)
    : bcaInterval({ value, replicates, jackknife: jackknife(n, statistic) }, options);
}

/**
 * The percentile interval: the quantiles (1 ∓ confidence)/2 of the replicates, interpolated linearly
 * between order statistics.
 */
export function percentileInterval(value: number, replicates: Numbers, options: Confidence = {}): Estimate {
  checkNumbers('bootstrap: replicates', replicates);
  const sorted = Float64Array.from(replicates).sort();
  const tail = (1 - levelOf(options)) / 2;
  return { value, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
}

/**
 * The bias-corrected and accelerated interval (Efron 1987; Efron & Tibshirani 1993, eq. 14.9–14.15).
 * The bias z₀ is taken from the share of replicates below the value, ties counted half; the
 * acceleration a = Σd³ / 6(Σd²)^1.5, d the jackknife mean minus each jackknife value.
 * No interval (nulls) where all replicates lie on one side of the value, for z₀ is infinite.
 */
export function bcaInterval(
  { value, replicates, jackknife }: { value: number; replicates: Numbers; jackknife: Numbers },
  options: Confidence = {},
): OpenEstimate {
  checkNumbers('bootstrap: replicates', replicates);
  checkNumbers('bootstrap: jackknife', jackknife, 2);
  const sorted = Float64Array.from(replicates).sort();
  const share = shareBelow(sorted, value);
  if (share === 0 || share === 1) return { value, low: null, high: null };
  const bias = normalQuantile(share);
  const acceleration = skewOf(jackknife);
  const z = normalQuantile(0.5 + levelOf(options) / 2);
  const level = (side: number) => normalCdf(bias + (bias + side) / (1 - acceleration * (bias + side)));
  return { value, low: quantile(sorted, level(-z)), high: quantile(sorted, level(z)) };
}

/** The statistic on resamples of n items; null where it is undefined on too many of them. */
function resample(
  n: number,
  statistic: Statistic,
  { random, resamples = 2000 }: BootstrapOptions,
): number[] | null {
  checkCount('bootstrap: resamples', resamples, [100, 10_000_000]);
  const indices = new Int32Array(n);
  const replicates: number[] = [];
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < n; i++) indices[i] = Math.floor(random.uniform() * n);
    const replicate = statistic(indices);
    if (replicate !== null) replicates.push(replicate);
  }
  return (resamples - replicates.length) * 100 < resamples ? replicates : null;
}

/** The statistic without each item, or without each of 400 groups of items (Efron & Narasimhan 2020). */
function jackknife(n: number, statistic: Statistic): number[] {
  const groups = Math.min(n, JACKKNIFE_GROUPS);
  const all = Int32Array.from({ length: n }, (_, i) => i);
  return Array.from({ length: groups }, (_, group) =>
    statistic(all.filter((i) => i % groups !== group)),
  ).filter((value) => value !== null);
}

function shareBelow(sorted: Float64Array, value: number): number {
  let below = 0;
  let equal = 0;
  for (const replicate of sorted) {
    if (replicate < value) below++;
    else if (replicate === value) equal++;
  }
  return (below + equal / 2) / sorted.length;
}

function skewOf(jackknife: Numbers): number {
  const values = Array.from(jackknife);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((total, v) => total + (mean - v) ** 2, 0);
  const cubes = values.reduce((total, v) => total + (mean - v) ** 3, 0);
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

function quantile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}
