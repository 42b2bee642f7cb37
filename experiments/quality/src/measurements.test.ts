import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import { describe, expect, it } from 'vitest';
import { agreementOf, type Judged } from './measurements.ts';
import { scoreTask } from './task.ts';

const photos = (scores: readonly (readonly [predicted: number, truth: number])[]): Judged[] =>
  scores.map(([predicted, truth]) => ({ predicted, truth, emd1: 0.1, emd2: 0.2 }));

describe('how well predictions agree with people', () => {
  it('is null in no measure for a model that says the same of all photos, but a failure', () => {
    const constant = photos([1, 2, 3, 4, 5].map((truth) => [4.25, truth]));
    expect(() => agreementOf(constant)).toThrow(
      new UserError(
        'The predicted scores of all 5 test photos are 4.25: no correlation is defined. A lower learning rate may help.',
      ),
    );
    const alike = photos([1, 2, 3, 4, 5].map((predicted) => [predicted, 7]));
    expect(() => agreementOf(alike)).toThrow('The true scores of all 5 test photos are 7');
    const broken = photos([1, 2, Number.NaN, 4, 5].map((predicted) => [predicted, predicted]));
    expect(() => agreementOf(broken)).toThrow(/\[2\] is NaN/);
  });

  it('has no correlations in the learning curve while all predictions are the same', () => {
    const task = scoreTask({ emd: 2 });
    const shares = new Array<number>(10).fill(0.1);
    const judged = photos([1, 2, 3].map((truth) => [5.5, truth])).map((photo) => ({ ...photo, shares }));
    expect(Object.keys(task.curve(judged))).toEqual(['test/emd']);
    expect(task.curve(judged)['test/emd']).toBeCloseTo(0.2, 12);
    judged[0]!.predicted = 5;
    expect(task.curve(judged)['test/plcc']).toBeCloseTo(Math.sqrt(3) / 2, 12);
  });

  const file = join(process.env.RESIZER_DATA ?? 'RESIZER_DATA-is-not-set', 'ava/nima_predictions.txt');

  it.skipIf(!existsSync(file))('is PLCC 0.6374 for a NIMA model on AVA (needs RESIZER_DATA)', () => {
    const rows = [...readFileSync(file, 'utf8').matchAll(/mean: ([\d.]+) .*GT: ([\d.]+)/g)];
    const { plcc, plccFitted, srcc } = agreementOf(
      photos(rows.map((row) => [Number(row[1]), Number(row[2])])),
    );
    expect(plcc).toBeCloseTo(0.6374, 4);
    // A fit over the same photos cannot follow them less well than a line does.
    expect(plccFitted).toBeGreaterThan(plcc - 1e-3);
    expect(srcc).toBeGreaterThan(0.6);
  });
});
