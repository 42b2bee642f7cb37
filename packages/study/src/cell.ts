import { resolvedDuration } from '@resizer-lab/suite';
import { z } from 'zod';
import { expectation } from './config/arms.ts';
import { backboneName } from './config/backbones.ts';
import { resizer } from './config/resizers.ts';
import type { Protocol, resolvedProtocol } from './config/training.ts';
import { pixels, rate, relativePath } from './config/values.ts';

/**
 * Where a part of a model starts: from a file below the weights root, or from the trained weights of
 * a cell in a role of `needs`. `backbone` is all but the resizer, the head included.
 */
const start = z.union([
  z.strictObject({ part: z.enum(['backbone', 'resizer']), weights: relativePath }),
  z.strictObject({ part: z.enum(['backbone', 'resizer']), cell: z.string() }),
]);

export type Start = z.infer<typeof start>;

/**
 * A cell that trains and evaluates a backbone behind a resizer: nothing that bears on its result is
 * left out. `training` is the study's protocol.
 */
export const trainedCell = <Training extends z.ZodType<Protocol>>(training: Training) =>
  z.strictObject({
    /** `baseline`, `arm`, or what else the study makes cells for. */
    role: z.string(),
    arm: z.string(),
    /** The arm that it is paired with. */
    control: z.string().nullable(),
    expect: expectation.nullable(),
    backbone: backboneName,
    /** A data set as the datasets package takes it. */
    data: z.unknown(),
    input: pixels,
    target: pixels,
    resizer,
    /**
     * Whose range of values the resizer works in. Other than the cell's own backbone for a resizer
     * that was trained with another: its output is brought to the range of this backbone.
     */
    range: backboneName,
    /** What does not start at random, in this order. */
    start: z.array(start),
    training,
    /** The backbone stays as it starts, its batch-norm statistics with it. */
    frozenBackbone: z.boolean(),
    /** Null: nothing is trained, the start is evaluated. */
    duration: resolvedDuration.nullable(),
    rate,
    seed: z.int(),
  });

export type TrainedCell<Training extends Protocol = Protocol> = Omit<
  z.infer<ReturnType<typeof trainedCell<typeof resolvedProtocol>>>,
  'training'
> & {
  training: Training;
};
