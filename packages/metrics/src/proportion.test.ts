import { describe, expect, it } from 'vitest';
import { goldens } from '../goldens/goldens.ts';
import { clopperPearsonInterval, wilsonInterval } from './index.ts';

describe('intervals of a proportion against statsmodels', () => {
  it.each(goldens.proportions)('$count of $n at $confidence', ({ count, n, confidence, wilson, exact }) => {
    const own = [
      [wilsonInterval({ count, n }, { confidence }), wilson],
      [clopperPearsonInterval({ count, n }, { confidence }), exact],
    ] as const;
    for (const [{ value, low, high }, golden] of own) {
      expect(value).toBe(count / n);
      expect(low).toBeCloseTo(golden[0]!, 11);
      expect(high).toBeCloseTo(golden[1]!, 11);
    }
  });

  it('never leave 0 … 1', () => {
    expect(wilsonInterval({ count: 0, n: 3 }).low).toBe(0);
    expect(wilsonInterval({ count: 3, n: 3 }).high).toBe(1);
  });

  it.each([
    [{ count: 0, n: 0 }, 'n is 0'],
    [{ count: 4, n: 3 }, 'count is 4, and must be a whole number from 0 to 3'],
    [{ count: 0.5, n: 3 }, 'count is 0.5'],
  ])('refuse %o', (proportion, message) => {
    expect(() => wilsonInterval(proportion)).toThrow(message);
    expect(() => clopperPearsonInterval(proportion)).toThrow(message);
  });

  it('refuse a confidence given in percent', () => {
    expect(() => wilsonInterval({ count: 1, n: 3 }, { confidence: 95 })).toThrow('confidence is 95');
  });
});
