import { describe, expect, it } from 'vitest';
import { judgeScores } from './scores.ts';

describe('judgeScores', () => {
  it('compares the softmax with the true shares', () => {
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
    const { predicted, shares, truth, emd1, emd2 } = judgeScores(logits, { batch, place: 1 });
    // The logits are float32: 1000 + log 3 is rounded.
    expect(shares.map((share) => share.toFixed(4))).toEqual(
      [0, 0.25, 0, 0, 0, 0, 0, 0, 0.75, 0].map((share) => share.toFixed(4)),
    );
    expect(predicted).toBeCloseTo(7.25, 3);
    expect(truth).toBe(4.75);
    // Cumulative differences: ¼ at the scores 2 and 3, 0 at 4, -¾ at 5 to 8.
    expect(emd1).toBeCloseTo((2 * 0.25 + 4 * 0.75) / 10, 4);
    expect(emd2).toBeCloseTo(Math.sqrt((2 * 0.25 ** 2 + 4 * 0.75 ** 2) / 10), 4);
  });
});
