import { readFileSync } from 'node:fs';

/** What make_goldens.py writes. */
export interface Goldens {
  special: Record<
    | 'logGamma'
    | 'erfc'
    | 'incompleteBeta'
    | 'normalCdf'
    | 'normalQuantile'
    | 'tQuantile'
    | 'tTwoSided'
    | 'betaQuantile',
    number[][]
  >;
  proportions: { count: number; n: number; confidence: number; wilson: number[]; exact: number[] }[];
  paired: { cells: number[]; exact: number; midP: number; tango95: number[]; tango90: number[] }[];
  bootstrap: {
    data: number[];
    replicates: number[];
    bca: number[];
    percentile: number[];
    manyResamples: number[];
  };
  dependent: {
    first: number;
    second: number;
    between: number;
    n: number;
    williams: number[];
    steiger: number[];
  }[];
  correlations: {
    x: number[];
    y: number[];
    pearson: number;
    spearman: number;
    kendall: number;
    rmse: number;
    fisher: number[];
    bonettWright: number[];
  }[];
  logistic: { x: number[]; y: number[]; parameters: [number, number, number, number]; rmse: number }[];
  families: {
    holm: { p: number[]; adjusted: number[] }[];
    seeds: { values: number[]; mean: number; low: number; high: number; deviation: number; p: number }[];
  };
  histograms: { p: number[]; q: number[]; r1: number; r2: number; mean: number; deviation: number }[];
  calibration: {
    logits: number[];
    labels: number[];
    nll: number;
    ece: number;
    top1: number;
    top2: number;
  };
}

/** Golden numbers from SciPy and statsmodels. */
export const goldens = JSON.parse(
  readFileSync(new URL('./goldens.json', import.meta.url), 'utf8'),
) as Goldens;
