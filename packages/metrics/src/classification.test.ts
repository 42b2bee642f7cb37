import { describe, expect, it } from 'vitest';
import { goldens } from '../goldens/goldens.ts';
import {
  correctAt,
  expectedCalibrationError,
  negativeLogLikelihood,
  topConfidences,
  topKErrors,
  trueLabelRanks,
} from './index.ts';

const { logits, labels, nll, ece, top1, top2 } = goldens.calibration;

describe('ranks of the true label', () => {
  it('give the top-k errors of NumPy', () => {
    const ranks = trueLabelRanks(Float32Array.from(logits), labels);
    expect(topKErrors(ranks, 1)).toEqual({ count: top1, n: 30 });
    expect(topKErrors(ranks, 2)).toEqual({ count: top2, n: 30 });
    expect(topKErrors(ranks, 4).count).toBe(0);
  });

  it('count ties against the network', () => {
    expect([...trueLabelRanks([0, 0, 0, 3, 1, 3], [0, 0])]).toEqual([3, 2]);
    expect(correctAt([1, 2, 5, 6], 5)).toEqual([true, true, true, false]);
  });

  it('name what they cannot use', () => {
    expect(() => trueLabelRanks([1, 2, 3], [0, 1])).toThrow('3 scores do not divide into 2 rows');
    expect(() => trueLabelRanks([], [])).toThrow('0 scores do not divide into 0 rows');
    expect(() => trueLabelRanks([1, 2, 3, 4], [0, 2])).toThrow('labels[1] is 2');
    expect(() => trueLabelRanks([1, Number.NaN], [0])).toThrow('scores[1] is NaN');
    expect(() => topKErrors([1], 0)).toThrow('top-k: k is 0');
  });
});

describe('calibration', () => {
  it('agrees with NumPy', () => {
    const confidences = topConfidences(logits, labels.length);
    const correct = correctAt(trueLabelRanks(logits, labels), 1);
    expect(expectedCalibrationError(confidences, correct)).toBeCloseTo(ece, 12);
    expect(negativeLogLikelihood(logits, labels)).toBeCloseTo(nll, 12);
  });

  it('of certain and right answers is perfect, of certain and wrong ones as bad as can be', () => {
    expect(expectedCalibrationError([1, 1], [true, true])).toBe(0);
    expect(expectedCalibrationError([1, 0], [false, true])).toBe(1);
  });

  it('stays finite for extreme logits', () => {
    expect(negativeLogLikelihood([1000, -1000], [1])).toBe(2000);
    expect(topConfidences([1000, -1000], 1)[0]).toBe(1);
  });

  it('refuses a confidence above 1', () => {
    expect(() => expectedCalibrationError([1.2], [true])).toThrow('confidences[0] is 1.2');
  });
});
