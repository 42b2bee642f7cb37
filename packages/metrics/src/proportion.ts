import { checkCount, levelOf, type Confidence, type Estimate } from './checks.ts';
import { betaQuantile, normalQuantile } from './probability.ts';

/** How often something happened: `count` times in `n`. */
export interface Proportion {
  readonly count: number;
  readonly n: number;
}

/**
 * The Wilson score interval of a proportion (Wilson 1927; recommended by Brown, Cai & DasGupta 2001):
 * (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).
 * @throws UserError unless 0 ≤ count ≤ n, n ≥ 1, both whole.
 */
export function wilsonInterval({ count, n }: Proportion, options: Confidence = {}): Estimate {
  const p = proportionOf({ count, n });
  const z = normalQuantile(0.5 + levelOf(options) / 2);
  const centre = p + (z * z) / (2 * n);
  const half = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  return {
    value: p,
    low: count === 0 ? 0 : (centre - half) / scale,
    high: count === n ? 1 : (centre + half) / scale,
  };
}

/**
 * The Clopper–Pearson ("exact") interval of a proportion, from beta quantiles (Clopper & Pearson 1934):
 * never covers less than the confidence, and is wider than Wilson's.
 * @throws UserError unless 0 ≤ count ≤ n, n ≥ 1, both whole.
 */
export function clopperPearsonInterval({ count, n }: Proportion, options: Confidence = {}): Estimate {
  const value = proportionOf({ count, n });
  const tail = (1 - levelOf(options)) / 2;
  return {
    value,
    low: count === 0 ? 0 : betaQuantile(tail, { a: count, b: n - count + 1 }),
    high: count === n ? 1 : betaQuantile(1 - tail, { a: count + 1, b: n - count }),
  };
}

function proportionOf({ count, n }: Proportion): number {
  checkCount('proportion: n', n, [1, Number.MAX_SAFE_INTEGER]);
  checkCount('proportion: count', count, [0, n]);
  return count / n;
}
