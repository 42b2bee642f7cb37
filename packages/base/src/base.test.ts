import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, hashOf, stream } from './index.ts';

describe('canonicalJson', () => {
  it('is JSON, and does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
        expect(hashOf(reversed)).toBe(hashOf(value));
      }),
    );
  });

  it('refuses numbers that JSON would turn into null', () => {
    expect(() => canonicalJson({ rate: Number.NaN })).toThrow('NaN has no JSON form');
  });
});

describe('stream', () => {
  it('depends on the seed and every part of the name, and on nothing else', () => {
    const draw = (...key: [number, ...(string | number)[]]) => stream(...key).uniform();
    expect(draw(1, 'a', 2)).toBe(draw(1, 'a', 2));
    const all = [draw(1, 'a', 2), draw(2, 'a', 2), draw(1, 'b', 2), draw(1, 'a', 3), draw(1, 'a2'), draw(1)];
    expect(new Set(all).size).toBe(all.length);
  });

  it('keeps its numbers from one version to the next', () => {
    const s = stream(7, 'golden');
    expect([s.integer(1000), s.integer(1000), s.integer(1000)]).toEqual([652, 837, 992]);
  });

  it('permutes: every index once, in a uniform order', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 200 }), (seed, n) => {
        expect([...stream(seed, 'p').permutation(n)].sort((a, b) => a - b)).toEqual([...Array(n).keys()]);
      }),
    );
    const firsts = Array.from({ length: 4000 }, (_, i) => stream(i, 'first').permutation(4)[0]!);
    for (let k = 0; k < 4; k++) expect(firsts.filter((f) => f === k).length / 4000).toBeCloseTo(0.25, 1);
  });

  it('draws normals: in the middle, between the layers of the ziggurat and in its tail', () => {
    // P(x < edge), of SciPy's norm.cdf. The tail begins at 3.654.
    const below: [edge: number, probability: number][] = [
      [-4.4, 5.4125439077e-6],
      [-4, 3.16712418331e-5],
      [-3.7, 0.000107799733477],
      [-3.5, 0.000232629079036],
      [-3, 0.00134989803163],
      [-2, 0.0227501319482],
      [-1, 0.158655253931],
      [-0.5, 0.308537538726],
      [-0.2, 0.420740290561],
      [0, 0.5],
      [0.2, 0.579259709439],
      [0.5, 0.691462461274],
      [1, 0.841344746069],
      [2, 0.977249868052],
      [3, 0.998650101968],
      [3.5, 0.999767370921],
      [3.7, 0.999892200267],
      [4, 0.999968328758],
      [4.4, 0.999994587456],
    ];
    const s = stream(3, 'normal');
    const draws = 10_000_000;
    const counts = new Float64Array(below.length + 1);
    for (let i = 0; i < draws; i++) {
      const x = s.normal();
      const bin = below.findIndex(([edge]) => x < edge);
      counts[bin < 0 ? below.length : bin]!++;
    }
    const expected = [...counts].map((_, i) => draws * ((below[i]?.[1] ?? 1) - (below[i - 1]?.[1] ?? 0)));
    const chiSquared = expected.reduce((sum, n, i) => sum + (counts[i]! - n) ** 2 / n, 0);
    // SciPy's chi2.isf(0.001, 19)
    expect(chiSquared).toBeLessThan(43.82);
  });
});
