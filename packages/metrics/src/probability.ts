import { checkInside } from './checks.ts';
import { erfc, incompleteBeta, logGamma } from './special.ts';

/** P(Z ≤ z) of a standard normal. */
export function normalCdf(z: number): number {
  const tail = erfc(Math.abs(z) / Math.SQRT2) / 2;
  return z < 0 ? tail : 1 - tail;
}

/** The z with P(Z ≤ z) = p. @throws UserError unless 0 < p < 1. */
export function normalQuantile(p: number): number {
  return symmetricQuantile(p, (z) => erfc(z / Math.SQRT2) / 2);
}

/** P(|Z| ≥ |z|) of a standard normal: the two-sided p value of a z statistic. */
export function normalTwoSided(z: number): number {
  return erfc(Math.abs(z) / Math.SQRT2);
}

/** P(|T| ≥ |t|) of Student's t with `df` > 0 degrees of freedom: the two-sided p value of a t statistic. */
export function tTwoSided(t: number, df: number): number {
  const square = t * t;
  if (square === Infinity) return 0;
  return incompleteBeta(df / (df + square), { a: df / 2, b: 0.5, complement: square / (df + square) });
}

/** The t with P(T ≤ t) = p, for `df` > 0 degrees of freedom. @throws UserError unless 0 < p < 1. */
export function tQuantile(p: number, df: number): number {
  checkInside('degrees of freedom', df, [0, Infinity]);
  return symmetricQuantile(p, (t) => tTwoSided(t, df) / 2);
}

/** The x with I_x(a, b) = p. @throws UserError unless 0 < p < 1. */
export function betaQuantile(p: number, shape: { readonly a: number; readonly b: number }): number {
  checkInside('probability', p, [0, 1]);
  return bisect([0, 1], (x) => incompleteBeta(x, shape) < p);
}

/** P(X ≤ k) for X ~ Binomial(n, ½), 0 ≤ k ≤ n. */
export function fairBinomialCdf(k: number, n: number): number {
  return k >= n ? 1 : incompleteBeta(0.5, { a: n - k, b: k + 1 });
}

/** P(X = k) for X ~ Binomial(n, ½), 0 ≤ k ≤ n. */
export function fairBinomialPmf(k: number, n: number): number {
  return Math.exp(logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) - n * Math.LN2);
}

/** The quantile of a distribution symmetric about 0 from its upper tail, a decreasing function on x ≥ 0. */
function symmetricQuantile(p: number, upperTail: (x: number) => number): number {
  checkInside('probability', p, [0, 1]);
  if (p === 0.5) return 0;
  if (p > 0.5) return -symmetricQuantile(1 - p, upperTail);
  let high = 1;
  while (upperTail(high) > p && high < 1e300) high *= 2;
  return -bisect([0, high], (x) => upperTail(x) > p);
}

/** The point at which `below` turns from true to false, to the last bit. */
export function bisect([low, high]: readonly [number, number], below: (x: number) => boolean): number {
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return middle;
    if (below(middle)) low = middle;
    else high = middle;
  }
}
