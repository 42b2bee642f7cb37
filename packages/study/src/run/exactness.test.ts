import { backbones } from '@resizer-lab/backbones';
import { compile } from '@resizer-lab/engine';
import { describe, expect, it } from 'vitest';
import { compare, jobOf, resizers, stepsOpByOp } from './step.fixture.ts';

/*
 * The compiled step, with all that recording and TensorFlow's optimisers do to it, against the same
 * code run op by op.
 */

describe.each(backbones)('a compiled step of $name', (backbone) => {
  it.each(Object.entries(resizers))('behind %s is the step op by op', (_, resizer) => {
    const job = jobOf(backbone, resizer);
    const program = compile(job.shapes, { train: job.step() });
    const run = (rate: number) => program.run('train', { ...job.batch, rate })['loss']![0]!;

    program.assign(job.start);
    const loss = run(0.01);
    const expected = stepsOpByOp(job, { steps: 1, rate: 0.01 });
    expect(Math.abs(loss / expected.losses[0]! - 1)).toBeLessThan(1e-5);
    const { largest } = compare(job.parameters, program.read(), expected.values);
    expect(largest).toBeLessThan(1e-5);

    // Kinks amplify rounding errors from step to step; a small rate leaves them little room.
    program.assign(job.start);
    const losses = Array.from({ length: 5 }, () => run(1e-7));
    const { losses: theirs } = stepsOpByOp(job, { steps: 5, rate: 1e-7 });
    losses.forEach((ours, i) => expect(Math.abs(ours / theirs[i]! - 1)).toBeLessThan(1e-4));
    program.dispose();
  });
});
