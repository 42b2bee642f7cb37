import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stream } from '@resizer-lab/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goldens } from '../goldens/goldens.ts';
import {
  bootstrapCorrelation,
  bootstrapCorrelationDifference,
  fisherInterval,
  kendall,
  pearson,
  rmse,
  spearman,
  steigerTest,
  williamsTest,
} from './index.ts';

const short = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })), {
  minLength: 2,
  maxLength: 40,
});

describe('correlations', () => {
  it.each(goldens.correlations)('agree with SciPy', (golden) => {
    const { x, y } = golden;
    expect(pearson(x, y)).toBeCloseTo(golden.pearson, 13);
    expect(spearman(x, y)).toBeCloseTo(golden.spearman, 13);
    expect(kendall(x, y)).toBeCloseTo(golden.kendall, 13);
    expect(rmse(x, y)).toBeCloseTo(golden.rmse, 13);
    const { low, high } = fisherInterval({ r: golden.pearson, n: x.length });
    expect(low).toBeCloseTo(golden.fisher[0]!, 11);
    expect(high).toBeCloseTo(golden.fisher[1]!, 11);
  });

  it("Kendall's is the count over all pairs", () => {
    fc.assert(
      fc.property(short, (points) => {
        let [balance, untiedX, untiedY] = [0, 0, 0];
        points.forEach(([x, y], i) => {
          for (const [otherX, otherY] of points.slice(0, i)) {
            balance += Math.sign(x - otherX) * Math.sign(y - otherY);
            untiedX += Math.abs(Math.sign(x - otherX));
            untiedY += Math.abs(Math.sign(y - otherY));
          }
        });
        const own = kendall(
          points.map(([x]) => x),
          points.map(([, y]) => y),
        );
        if (untiedX * untiedY === 0) expect(own).toBeNull();
        else expect(own).toBeCloseTo(balance / Math.sqrt(untiedX * untiedY), 12);
      }),
    );
  });

  it('are null for a constant list, and never leave ±1', () => {
    for (const correlation of [pearson, spearman, kendall]) {
      expect(correlation([5, 5, 5], [1, 2, 3])).toBeNull();
      expect(correlation([0.1, 0.2, 0.3], [0.3, 0.6, 0.9])).toBeLessThanOrEqual(1);
      expect(correlation([1e200, 2e200, 3e200], [3, 2, 1])).toBeGreaterThanOrEqual(-1);
    }
  });

  it('name what they cannot use', () => {
    expect(() => pearson([1, 2], [1])).toThrow('pearson: lists of 2 and 1 values cannot be paired');
    expect(() => spearman([1, Number.NaN], [1, 2])).toThrow('spearman: x[1] is NaN');
    expect(() => kendall([1], [1])).toThrow('at least 2 are needed');
    expect(() => rmse([], [])).toThrow('at least 1 are needed');
  });
});

describe('fisherInterval', () => {
  it.each(goldens.correlations)('of ranks has the wider interval of Bonett and Wright', (golden) => {
    const own = fisherInterval({ r: golden.spearman, n: golden.x.length, kind: 'spearman' });
    expect(own.low).toBeCloseTo(golden.bonettWright[0]!, 11);
    expect(own.high).toBeCloseTo(golden.bonettWright[1]!, 11);
    const linear = fisherInterval({ r: golden.spearman, n: golden.x.length });
    expect(own.high - own.low).toBeGreaterThan(linear.high - linear.low);
  });

  it("of Kendall's has the variance 0.437/(n - 4)", () => {
    // SciPy 1.17: tanh(atanh(0.5) ± norm.ppf(0.975) √(0.437/96)).
    const own = fisherInterval({ r: 0.5, n: 100, kind: 'kendall' });
    expect(own.low).toBeCloseTo(0.3944584223350087, 11);
    expect(own.high).toBeCloseTo(0.5925217257877549, 11);
    expect(() => fisherInterval({ r: 0.5, n: 4, kind: 'kendall' })).toThrow('n is 4');
  });

  it('closes at ±1', () => {
    expect(fisherInterval({ r: 1, n: 50 })).toEqual({ value: 1, low: 1, high: 1 });
  });

  it('refuses r beyond 1 and n below 4', () => {
    expect(() => fisherInterval({ r: 1.1, n: 50 })).toThrow("correlation 'r' is 1.1, beyond ±1");
    expect(() => fisherInterval({ r: 0.1, n: 3 })).toThrow('n is 3');
  });
});

describe('dependent correlations', () => {
  it.each(goldens.dependent)('$first and $second agree with the reference', (golden) => {
    const own = [williamsTest(golden), steigerTest(golden)];
    [golden.williams, golden.steiger].forEach(([statistic, p], i) => {
      expect(own[i]!.statistic).toBeCloseTo(statistic!, 9);
      expect(own[i]!.p / p!).toBeCloseTo(1, 8);
    });
  });

  it('agree with printed examples', () => {
    // Silver, Hittner & May 2006 (program depcor): r 0.3, 0.4, 0.5, n = 100.
    const depcor = { first: 0.3, second: 0.4, between: 0.5, n: 100 };
    expect(williamsTest(depcor).statistic).toBeCloseTo(-1.0767, 4);
    expect(williamsTest(depcor).p).toBeCloseTo(0.2843, 4);
    expect(steigerTest(depcor).statistic).toBeCloseTo(-1.0718, 4);
    expect(steigerTest(depcor).p).toBeCloseTo(0.2838, 4);
    // Steiger 1980, case A, as the R package cocor computes it.
    const caseA = { first: 0.4, second: 0.5, between: 0.1, n: 103 };
    expect(steigerTest(caseA).statistic).toBeCloseTo(-0.8887185, 7);
  });

  it('of equal predictors do not differ', () => {
    const same = { first: 0.7, second: 0.7, between: 1, n: 20 };
    expect(williamsTest(same)).toEqual({ statistic: 0, p: 1 });
    expect(steigerTest(same)).toEqual({ statistic: 0, p: 1 });
  });

  it('refuse three correlations that cannot be had together', () => {
    const impossible = { first: 0.9, second: -0.9, between: 0.9, n: 20 };
    expect(() => williamsTest(impossible)).toThrow('no data can have the correlations 0.9, -0.9 and 0.9');
    expect(() => steigerTest(impossible)).toThrow('no data can have');
  });
});

describe('bootstrapCorrelation', () => {
  it.each([
    ['pearson', pearson],
    ['spearman', spearman],
  ] as const)('%s: as wide as theory says of normal data', (kind, correlation) => {
    const random = stream(5, 'data');
    const truth = Array.from({ length: 400 }, () => random.normal());
    const predicted = truth.map((t) => t + random.normal());
    const options = { kind, random: stream(1, 'boot'), resamples: 1000 };
    const { value, low, high } = bootstrapCorrelation({ truth, predicted }, options);
    expect(value).toBeCloseTo(correlation(predicted, truth)!, 12);
    const theory = fisherInterval({ r: value, n: 400, kind });
    expect(Math.abs(low! - theory.low)).toBeLessThan(0.02);
    expect(Math.abs(high! - theory.high)).toBeLessThan(0.02);
  });
});

describe('bootstrapCorrelationDifference', () => {
  const random = stream(4, 'data');
  const truth = Array.from({ length: 300 }, () => Math.round(random.normal() * 20));
  const first = truth.map((t) => t + 10 * random.normal());
  const second = truth.map((t) => t + 30 * random.normal());

  it.each([
    ['pearson', pearson],
    ['spearman', spearman],
  ] as const)('%s: value, sign and spread', (kind, correlation) => {
    const options = { kind, random: stream(1, 'boot'), resamples: 1000 };
    const { value, low, high } = bootstrapCorrelationDifference({ truth, first, second }, options);
    expect(value).toBeCloseTo(correlation(first, truth)! - correlation(second, truth)!, 12);
    expect(low).toBeGreaterThan(0.15);
    expect(high).toBeLessThan(0.6);
    expect(high! - low!).toBeGreaterThan(0.05);
  });

  it('pairs: a predictor against itself differs by exactly 0', () => {
    const options = { kind: 'spearman', random: stream(1, 'boot'), resamples: 200 } as const;
    const own = bootstrapCorrelationDifference({ truth, first, second: first }, options);
    expect(own).toEqual({ value: 0, low: 0, high: 0 });
  });
});

describe('real scores', () => {
  const file = join(process.env.RESIZER_DATA ?? 'RESIZER_DATA-is-not-set', 'ava/nima_predictions.txt');

  it.skipIf(!existsSync(file))('a NIMA model on AVA has PLCC 0.6374 (needs RESIZER_DATA)', () => {
    const rows = [...readFileSync(file, 'utf8').matchAll(/mean: ([\d.]+) .*GT: ([\d.]+)/g)];
    const predicted = rows.map((row) => Number(row[1]));
    const truth = rows.map((row) => Number(row[2]));
    expect(rows).toHaveLength(12_818);
    expect(pearson(predicted, truth)).toBeCloseTo(0.6374, 4);
  });

  const ops = join(process.env.RESIZER_DATA ?? 'RESIZER_DATA-is-not-set', '../fixtures/ops.json');

  it.skipIf(!existsSync(ops))('the shared fixtures agree (needs RESIZER_DATA)', () => {
    const { correlation } = JSON.parse(readFileSync(ops, 'utf8')) as {
      correlation: { x: number[]; y: number[]; plcc: number; srcc: number; krcc: number }[];
    };
    for (const { x, y, plcc, srcc, krcc } of correlation) {
      expect(pearson(x, y)).toBeCloseTo(plcc, 12);
      expect(spearman(x, y)).toBeCloseTo(srcc, 12);
      expect(kendall(x, y)).toBeCloseTo(krcc, 12);
    }
  });
});
