import { describe, expect, it } from 'vitest';
import { judgeScores } from './scores.ts';

describe('judgeScores', () => {
  it('takes means of the softmax and of the true shares', () => {
    const scores = new Float32Array(20);
    scores.set([0, 0, 0, 0.25, 0.75], 10);
    const batch = {
      images: new Uint8Array(),
      labels: new Int32Array(2),
      scores,
      mask: Float32Array.of(1, 1),
      indices: Int32Array.of(0, 1),
    };
    // Logits so large that exp overflows: all in two bins, one to three, with scores 2 and 9.
    const logits = Float32Array.of(0, 1000, 0, 0, 0, 0, 0, 0, 1000 + Math.log(3), 0);
    const { predicted, shares, truth, trueShares } = judgeScores(logits, { batch, place: 1 });
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(shares[8]).toBeCloseTo(0.75, 4);
    expect(predicted).toBeCloseTo(7.25, 3);
    expect(truth).toBe(4.75);
    expect(trueShares).toEqual([0, 0, 0, 0.25, 0.75, 0, 0, 0, 0, 0]);
  });
});
