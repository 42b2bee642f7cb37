import { UserError } from '@resizer-lab/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepsOf } from './duration.ts';
import { rateAt, type Schedule } from './schedule.ts';

const paper: Schedule = { rate: 0.05, decay: { factor: 0.94, everyEpochs: 2 } };

describe('the learning rate', () => {
  it("is the paper's ×0.94 every 2 epochs", () => {
    const rates = [0.05, 0.05, 0.047, 0.047, 0.04418, 0.04418, 0.0415292];
    rates.forEach((rate, epoch) => expect(rateAt(paper, epoch)).toBeCloseTo(rate, 12));
  });

  it('falls by the factor once in so many epochs and stays the same between', () => {
    const decay = fc.record({
      factor: fc.double({ min: 0.1, max: 1, noNaN: true }),
      everyEpochs: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(decay, fc.integer({ min: 0, max: 60 }), (decay, epoch) => {
        const schedule = { rate: 0.3, decay };
        const next = rateAt(schedule, epoch + 1);
        const falls = (epoch + 1) % decay.everyEpochs === 0;
        expect(next / rateAt(schedule, epoch)).toBeCloseTo(falls ? decay.factor : 1, 10);
        expect(rateAt(schedule, 0)).toBe(0.3);
      }),
    );
  });
});

describe('a duration', () => {
  it('in epochs depends on the size of the data, in steps it does not', () => {
    expect(stepsOf({ epochs: 3 }, 17)).toBe(51);
    expect(stepsOf({ steps: 3 }, 17)).toBe(3);
  });

  it.each([{ epochs: 0 }, { steps: 0 }, { epochs: 0.01 }])(
    'of less than a step, %o, is refused',
    (duration) => {
      const message = `A duration of ${JSON.stringify(duration)} is less than one step.`;
      expect(() => stepsOf(duration, 17)).toThrow(new UserError(message, { exitCode: 2 }));
    },
  );
});
