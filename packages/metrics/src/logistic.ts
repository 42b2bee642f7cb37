import { UserError } from '@resizer-lab/base';
import { checkPair, type Numbers } from './checks.ts';

/** b = [upper, lower, centre, width] of lower + (upper - lower) / (1 + exp(-(x - centre) / |width|)). */
export type LogisticParameters = readonly [upper: number, lower: number, centre: number, width: number];

/** A fitted logistic and its root mean square error on the data of the fit. */
export interface LogisticFit {
  readonly parameters: LogisticParameters;
  readonly rmse: number;
}

/**
 * The four-parameter logistic at x, which image quality studies put between a predicted and a true
 * score before PLCC (VQEG FR-TV Phase I, 2000; Sheikh, Sabir & Bovik 2006).
 */
export function logistic(x: number, [upper, lower, centre, width]: LogisticParameters): number {
  return lower + (upper - lower) / (1 + Math.exp(-(x - centre) / Math.abs(width)));
}

/**
 * Least-squares fit of the logistic to predicted scores x and true scores y: Levenberg–Marquardt from
 * the best of a grid of centres and widths (for each, the best upper and lower values are a linear
 * problem), so that a poor guess does not end in a poor fit. Falling relations give upper < lower.
 * x, y: [n], n ≥ 5.
 * @throws UserError for lists of different lengths, fewer than 5 values, NaN, or all x equal.
 */
export function fitLogistic(x: Numbers, y: Numbers): LogisticFit {
  checkPair('fitLogistic', [x, y], 5);
  const scale = scaleOf(x);
  if (scale.deviation === 0) throw new UserError(`fitLogistic: all ${x.length} predicted scores are ${x[0]}`);
  const standard = Float64Array.from(x, (v) => (v - scale.mean) / scale.deviation);
  const data = { x: standard, y };
  const [upper, lower, centre, width] = refine(data, bestStart(data));
  const parameters = [
    upper,
    lower,
    scale.mean + scale.deviation * centre,
    scale.deviation * Math.abs(width),
  ] as const;
  const squares = Array.from(x, (v, i) => (logistic(v, parameters) - y[i]!) ** 2).reduce((a, b) => a + b);
  return { parameters, rmse: Math.sqrt(squares / x.length) };
}

interface Data {
  readonly x: Float64Array;
  readonly y: Numbers;
}

function scaleOf(values: Numbers): { mean: number; deviation: number } {
  const all = Array.from(values);
  const mean = all.reduce((a, b) => a + b) / all.length;
  return { mean, deviation: Math.sqrt(all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length) };
}

/** The best logistic among a grid of centres and widths, in standard deviations of x. */
function bestStart(data: Data): LogisticParameters {
  const starts = [-1.5, -0.75, 0, 0.75, 1.5].flatMap((centre) =>
    [0.1, 0.3, 1, 3].map((width) => withBestEnds(data, { centre, width })),
  );
  const errors = starts.map((start) => squaredError(data, start));
  return starts[errors.indexOf(Math.min(...errors))]!;
}

/** Upper and lower value by linear regression of y on the unit logistic. */
function withBestEnds(
  { x, y }: Data,
  { centre, width }: { centre: number; width: number },
): LogisticParameters {
  const unit = Float64Array.from(x, (v) => logistic(v, [1, 0, centre, width]));
  const s = scaleOf(unit);
  const t = scaleOf(y);
  let covariance = 0;
  unit.forEach((v, i) => (covariance += (v - s.mean) * (y[i]! - t.mean)));
  const slope = s.deviation === 0 ? 0 : covariance / (x.length * s.deviation ** 2);
  const lower = t.mean - slope * s.mean;
  return [lower + slope, lower, centre, width];
}

function squaredError({ x, y }: Data, parameters: LogisticParameters): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (y[i]! - logistic(x[i]!, parameters)) ** 2;
  return sum;
}

/** Levenberg–Marquardt with Marquardt's scaling (Press et al., Numerical Recipes, §15.5.2). */
function refine(data: Data, start: LogisticParameters): LogisticParameters {
  let best = start;
  let error = squaredError(data, best);
  let damping = 1e-3;
  for (let step = 0; step < 500 && damping < 1e12; step++) {
    const next = damped(normalEquations(data, best), best, damping);
    const nextError = squaredError(data, next);
    if (nextError < error) {
      const gain = error - nextError;
      best = next;
      error = nextError;
      damping /= 10;
      if (gain < 1e-15 * error) return best;
    } else {
      damping *= 10;
    }
  }
  return best;
}

interface NormalEquations {
  readonly matrix: number[][];
  readonly right: number[];
}

function normalEquations({ x, y }: Data, parameters: LogisticParameters): NormalEquations {
  const [upper, lower, centre, width] = parameters;
  const matrix = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
  const right = [0, 0, 0, 0];
  for (let k = 0; k < x.length; k++) {
    const unit = logistic(x[k]!, [1, 0, centre, width]);
    const slope = ((upper - lower) * unit * (1 - unit)) / Math.abs(width);
    const widthSlope = (-slope * (x[k]! - centre)) / width;
    const gradient = [unit, 1 - unit, -slope, widthSlope];
    const residual = y[k]! - (lower + (upper - lower) * unit);
    for (let i = 0; i < 4; i++) {
      right[i]! += gradient[i]! * residual;
      for (let j = 0; j < 4; j++) matrix[i]![j]! += gradient[i]! * gradient[j]!;
    }
  }
  return { matrix, right };
}

/** One step: (JᵀJ + λ diag JᵀJ) δ = Jᵀ r. */
function damped(
  { matrix, right }: NormalEquations,
  from: LogisticParameters,
  damping: number,
): LogisticParameters {
  const rows = matrix.map((row, i) => [
    ...row.map((v, j) => (i === j ? v * (1 + damping) + 1e-300 : v)),
    right[i]!,
  ]);
  const [d0, d1, d2, d3] = solve(rows) as [number, number, number, number];
  return [from[0] + d0, from[1] + d1, from[2] + d2, from[3] + d3];
}

/** Gaussian elimination with pivoting. rows: [n][n + 1], the last column the right-hand side. */
function solve(rows: number[][]): number[] {
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let j = k; j <= n; j++) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  const solution = new Array<number>(n).fill(0);
  for (let k = n - 1; k >= 0; k--) {
    let sum = rows[k]![n]!;
    for (let j = k + 1; j < n; j++) sum -= rows[k]![j]! * solution[j]!;
    solution[k] = sum / rows[k]![k]!;
  }
  return solution;
}
