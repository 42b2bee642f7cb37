import { describe, expect, it } from 'vitest';
import { matchWeights } from './match.ts';
import type { Weights, WeightTensor } from './tensor.ts';

const zeros = (...shape: number[]): WeightTensor => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});
const given = (entries: Record<string, WeightTensor>): Weights => new Map(Object.entries(entries));
const source = 'model.h5';

describe('matchWeights', () => {
  it('gives the values in the order wanted', () => {
    const weights = given({ 'b/bias': zeros(2), 'a/kernel': zeros(1, 2) });
    const wanted = [
      { name: 'a/kernel', shape: [1, 2] },
      { name: 'b/bias', shape: [2] },
    ];
    expect([...matchWeights(wanted, weights, { source })]).toEqual([
      ['a/kernel', weights.get('a/kernel')],
      ['b/bias', weights.get('b/bias')],
    ]);
  });

  it('lists missing, unexpected and mis-shaped names with the nearest beside them', () => {
    const weights = given({
      'conv1/kernel': zeros(3, 3),
      'bn/gamma': zeros(4),
      step: { shape: [], data: BigInt64Array.of(1n) },
    });
    const wanted = [
      { name: 'Conv1/kernel', shape: [3, 3] },
      { name: 'bn/gamma', shape: [2, 2] },
      { name: 'step', shape: [] },
    ];
    expect(() => matchWeights(wanted, weights, { source })).toThrow(
      'model.h5 does not fit this network, nothing was loaded: ' +
        '1 missing: Conv1/kernel (nearest: conv1/kernel); ' +
        '1 unexpected: conv1/kernel (nearest: Conv1/kernel); ' +
        '2 of another shape or type: bn/gamma (wanted [2, 2], has [4]), step (holds integers).',
    );
  });

  it('does not take a shape for another one with the same number of values', () => {
    expect(() => matchWeights([{ name: 'a', shape: [6] }], given({ a: zeros(2, 3) }), { source })).toThrow(
      'a (wanted [6], has [2, 3])',
    );
  });

  it('leaves unexpected weights under an ignored prefix alone, and only those', () => {
    const weights = given({ a: zeros(1), 'predictions/kernel': zeros(2), other: zeros(1) });
    const wanted = [{ name: 'a', shape: [1] }];
    expect(() => matchWeights(wanted, weights, { source, ignore: ['predictions/'] })).toThrow(
      ': 1 unexpected: other.',
    );
    weights.delete('other');
    expect(matchWeights(wanted, weights, { source, ignore: ['predictions/'] }).size).toBe(1);
  });

  it('passes over integers that nobody wants', () => {
    const weights = given({ a: zeros(1), global_step: { shape: [], data: BigInt64Array.of(7n) } });
    expect([...matchWeights([{ name: 'a', shape: [1] }], weights, { source }).keys()]).toEqual(['a']);
  });

  it('stays readable for hundreds of hostile names', () => {
    const weights = given(
      Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${i}\n${'x'.repeat(10_000)}`, zeros(1)])),
    );
    const wanted = Array.from({ length: 300 }, (_, i) => ({ name: `layer${i}/kernel`, shape: [1] }));
    const attempt = () => matchWeights(wanted, weights, { source });
    expect(attempt).toThrow(/300 missing: .*and 295 more; 500 unexpected: .* and 495 more/);
    expect(attempt).toThrow(/^.{1,1500}$/);
  });
});
