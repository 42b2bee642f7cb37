import { describe, expect, it } from 'vitest';
import { goldens } from '../goldens/goldens.ts';
import { fitLogistic, logistic, pearson } from './index.ts';

describe('fitLogistic', () => {
  it.each(goldens.logistic)(
    'finds the least squares of scipy.optimize.curve_fit',
    ({ x, y, parameters, rmse }) => {
      const fit = fitLogistic(x, y);
      expect(fit.rmse).toBeLessThanOrEqual(rmse * (1 + 1e-9));
      if (fit.rmse > rmse * (1 - 1e-9)) {
        for (const v of x) expect(logistic(v, fit.parameters)).toBeCloseTo(logistic(v, parameters), 4);
      }
    },
  );

  it('straightens a saturating relation, rising or falling', () => {
    const x = Array.from({ length: 50 }, (_, i) => i / 5);
    for (const truth of [
      [9, 1, 5, 0.7],
      [1, 9, 5, 0.7],
    ] as const) {
      const y = x.map((v) => logistic(v, truth));
      const fit = fitLogistic(x, y);
      expect(
        pearson(
          x.map((v) => logistic(v, fit.parameters)),
          y,
        ),
      ).toBeCloseTo(1, 9);
      fit.parameters.forEach((p, i) => expect(p).toBeCloseTo(truth[i]!, 5));
    }
  });

  it('survives what has no logistic shape', () => {
    const x = [1, 2, 3, 4, 5, 6];
    expect(fitLogistic(x, [3, 3, 3, 3, 3, 3]).rmse).toBeCloseTo(0, 12);
    expect(fitLogistic(x, x).rmse).toBeLessThan(0.05);
    expect(fitLogistic(x, [0, 0, 0, 1, 1, 1]).rmse).toBeLessThan(1e-6);
  });

  it('names what it cannot fit', () => {
    expect(() => fitLogistic([2, 2, 2, 2, 2], [1, 2, 3, 4, 5])).toThrow('all 5 predicted scores are 2');
    expect(() => fitLogistic([1, 2, 3], [1, 2, 3])).toThrow('at least 5 are needed');
  });
});
