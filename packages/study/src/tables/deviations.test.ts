import { describe, expect, it } from 'vitest';
import { protocol } from '../config/training.ts';
import { judged } from '../scored.fixture.ts';
import { deviationsOf } from './deviations.ts';

const baseline = { role: 'baseline', start: [], rate: 0.05, duration: { epochs: 90 } } as const;

describe('the deviations', () => {
  it('of the paper’s own protocol are what it leaves open', () => {
    const notes = deviationsOf([judged(0, { ...baseline, start: [] }), judged(0)]);
    expect(notes).toEqual([
      'Deviation: Not stated by the paper, chosen here: batches of 8, training photos fitted by stretch and flipped at random, no weight decay, no warm-up, 90 epochs of the baseline and 4 epochs of the arms.',
    ]);
  });

  it('of another protocol name each number beside the paper’s', () => {
    const training = protocol.parse({ batch: 8, momentum: 0.8, decay: { factor: 0.5, everyEpochs: 1 } });
    const start = [{ part: 'backbone' as const, weights: 'file' }];
    const given = { training, rate: 0.02 };
    const [, ...rest] = deviationsOf([judged(0, { ...baseline, ...given, start }), judged(0, given)]);
    expect(rest).toEqual([
      'Deviation: Momentum 0.8; the paper: 0.9.',
      'Deviation: Learning rate ×0.5 every 1 epoch; the paper: ×0.94 every 2 epochs.',
      'Deviation: Learning rate of the baseline 0.02; the paper: 0.005.',
      'Deviation: Learning rate of the arms 0.02; the paper: 0.005.',
      'Deviation: The baseline starts from published weights; the paper trains its own.',
    ]);
  });
});
