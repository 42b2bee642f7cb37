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

  it('draws normals of mean 0 and variance 1', () => {
    const s = stream(3, 'normal');
    const xs = Array.from({ length: 20_000 }, () => s.normal());
    const mean = xs.reduce((a, b) => a + b) / xs.length;
    const variance = xs.reduce((a, b) => a + (b - mean) ** 2, 0) / xs.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  });
});
