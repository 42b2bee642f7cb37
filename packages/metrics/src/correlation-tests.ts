import { UserError } from '@resizer-lab/base';
import { bootstrap, type BootstrapOptions } from './bootstrap.ts';
import { checkCount, checkNumbers, checkPair, levelOf } from './checks.ts';
import type { Confidence, Estimate, Numbers, OpenEstimate } from './checks.ts';
import { pearson } from './correlation.ts';
import { normalQuantile, normalTwoSided, tTwoSided } from './probability.ts';
import { averageRanks, denseRanks } from './ranks.ts';

/**
 * The interval of a correlation by Fisher's z: tanh(atanh r ± z σ). σ² = 1/(n-3) for Pearson's
 * (Fisher 1921); (1 + r²/2)/(n-3) for Spearman's (Bonett & Wright 2000); 0.437/(n-4) for Kendall's
 * (Fieller, Hartley & Pearson 1957). [r, r] if |r| = 1.
 * @throws UserError unless -1 ≤ r ≤ 1 and n ≥ 4, for Kendall's 5.
 */
export function fisherInterval(
  { r, n, kind = 'pearson' }: { r: number; n: number; kind?: keyof typeof fisherVariance },
  options: Confidence = {},
): Estimate {
  checkCorrelations({ r });
  checkCount('fisherInterval: n', n, [kind === 'kendall' ? 5 : 4, Number.MAX_SAFE_INTEGER]);
  const sigma = Math.sqrt(fisherVariance[kind](r, n));
  const half = normalQuantile(0.5 + levelOf(options) / 2) * sigma;
  return { value: r, low: Math.tanh(Math.atanh(r) - half), high: Math.tanh(Math.atanh(r) + half) };
}

const fisherVariance = {
  pearson: (_: number, n: number) => 1 / (n - 3),
  spearman: (r: number, n: number) => (1 + (r * r) / 2) / (n - 3),
  kendall: (_: number, n: number) => 0.437 / (n - 4),
};

/** Two predictors, each correlated with the truth and with each other, on the same n items. */
export interface DependentCorrelations {
  /** Correlation of the first predictor with the truth. */
  readonly first: number;
  /** Correlation of the second predictor with the truth. */
  readonly second: number;
  /** Correlation of the two predictors with each other. */
  readonly between: number;
  readonly n: number;
}

export interface CorrelationTest {
  /** Positive if the first correlation is larger. */
  readonly statistic: number;
  /** Two-sided. */
  readonly p: number;
}

/**
 * Williams' t that two predictors correlate equally with the truth (Williams 1959, in the form of
 * Steiger 1980, eq. 7), n - 3 degrees of freedom:
 * t = (r₁ - r₂) √((n-1)(1+r₁₂) / (2|R|(n-1)/(n-3) + r̄²(1-r₁₂)³)), |R| the determinant of the 3 × 3
 * correlation matrix. Equal correlations give t = 0, p = 1.
 * @throws UserError for n < 4, correlations beyond ±1, or three that no data can have together.
 */
export function williamsTest(correlations: DependentCorrelations): CorrelationTest {
  const { first, second, between, n } = correlations;
  const determinant = determinantOf(correlations);
  if (first === second) return { statistic: 0, p: 1 };
  const mean = (first + second) / 2;
  const spread = (2 * determinant * (n - 1)) / (n - 3) + mean ** 2 * (1 - between) ** 3;
  const statistic = (first - second) * Math.sqrt(((n - 1) * (1 + between)) / spread);
  return { statistic, p: tTwoSided(statistic, n - 3) };
}

/**
 * Steiger's Z that two predictors correlate equally with the truth: Dunn & Clark's difference of
 * Fisher z's with the covariance taken at the pooled r̄ (Steiger 1980, eq. 14):
 * Z = (z₁ - z₂) √(n-3) / √(2 - 2c), c = (r₁₂(1-2r̄²) - r̄²(1-2r̄²-r₁₂²)/2) / (1-r̄²)².
 * Equal correlations give Z = 0, p = 1.
 * @throws UserError for n < 4, correlations beyond ±1 or with the truth of exactly ±1, or three that
 * no data can have together.
 */
export function steigerTest(correlations: DependentCorrelations): CorrelationTest {
  const { first, second, between, n } = correlations;
  determinantOf(correlations);
  if (first === second) return { statistic: 0, p: 1 };
  if (Math.abs(first) === 1 || Math.abs(second) === 1) {
    throw new UserError(`steigerTest: correlations ${first} and ${second}: Fisher's z of ±1 is infinite`);
  }
  const square = ((first + second) / 2) ** 2;
  const covariance =
    (between * (1 - 2 * square) - (square * (1 - 2 * square - between ** 2)) / 2) / (1 - square) ** 2;
  const statistic = (Math.atanh(first) - Math.atanh(second)) * Math.sqrt((n - 3) / (2 - 2 * covariance));
  return { statistic, p: normalTwoSided(statistic) };
}

/**
 * The bootstrap interval of correlation(predicted, truth). Both lists: [n].
 * @throws UserError for lists of different lengths, NaN, or a constant list.
 */
export function bootstrapCorrelation(
  { truth, predicted }: { truth: Numbers; predicted: Numbers },
  { kind, ...options }: BootstrapOptions & { readonly kind: 'pearson' | 'spearman' },
): OpenEstimate {
  checkPair('bootstrapCorrelation', [predicted, truth], 2);
  const at = kind === 'pearson' ? picker : rankPicker;
  const [x, y] = [at(predicted), at(truth)];
  return bootstrap(truth.length, (indices) => pearson(x(indices), y(indices)), options);
}

/**
 * The paired bootstrap of correlation(first, truth) - correlation(second, truth): the items are
 * resampled together for truth and both predictors. All lists: [n].
 * @throws UserError for lists of different lengths, NaN, or a constant list.
 */
export function bootstrapCorrelationDifference(
  { truth, first, second }: { truth: Numbers; first: Numbers; second: Numbers },
  { kind, ...options }: BootstrapOptions & { readonly kind: 'pearson' | 'spearman' },
): OpenEstimate {
  checkPair('bootstrapCorrelationDifference', [first, truth], 2);
  checkPair('bootstrapCorrelationDifference', [second, truth], 2);
  const at = kind === 'pearson' ? picker : rankPicker;
  const [y, a, b] = [at(truth), at(first), at(second)];
  return bootstrap(
    truth.length,
    (indices) => {
      const target = y(indices);
      const one = pearson(a(indices), target);
      const other = pearson(b(indices), target);
      return one === null || other === null ? null : one - other;
    },
    options,
  );
}

/** The values at some indices. */
function picker(values: Numbers): (indices: Int32Array) => Float64Array {
  return (indices) => {
    const picked = new Float64Array(indices.length);
    for (let k = 0; k < indices.length; k++) picked[k] = values[indices[k]!]!;
    return picked;
  };
}

/** The ranks of the values at some indices: Spearman's correlation is Pearson's of these. */
function rankPicker(values: Numbers): (indices: Int32Array) => Float64Array {
  const dense = denseRanks(values);
  return (indices) => averageRanks(dense, indices);
}

function determinantOf({ first, second, between, n }: DependentCorrelations): number {
  checkCorrelations({ first, second, between });
  checkCount('dependent correlations: n', n, [4, Number.MAX_SAFE_INTEGER]);
  const determinant = 1 - first ** 2 - second ** 2 - between ** 2 + 2 * first * second * between;
  if (determinant < -1e-9) {
    throw new UserError(`no data can have the correlations ${first}, ${second} and ${between} together`);
  }
  return Math.max(0, determinant);
}

function checkCorrelations(correlations: Record<string, number>): void {
  for (const [name, r] of Object.entries(correlations)) {
    checkNumbers(`correlation '${name}'`, [r]);
    if (Math.abs(r) > 1) throw new UserError(`correlation '${name}' is ${r}, beyond ±1`);
  }
}
