import { duration, resolvedDuration } from '@resizer-lab/suite';
import { z } from 'zod';
import { fit } from './photos.ts';

/**
 * The section `training`: what all cells of a config train with; each choice that the paper leaves
 * open is a deviation. A study adds what its loss needs (`protocol.extend({ … })`).
 */
export const protocol = z.strictObject({
  batch: z.int().min(1).max(4096),
  momentum: z.number().min(0).max(0.9999).default(0.9),
  batchNormMomentum: z
    .number()
    .min(0)
    .max(0.9999)
    .default(0.99)
    .describe('Weight of the old moving statistics in each step; short runs need a lower one'),
  gradientCheckpointing: z
    .enum(['none', 'blocks'])
    .default('none')
    .describe(
      'What a step keeps for its backward pass: everything, or of the blocks of the backbone the inputs alone, ' +
        'and the blocks are run again; for large inputs, where memory is short',
    ),
  reestimateBatches: z
    .int()
    .min(1)
    .max(100_000)
    .nullable()
    .default(null)
    .describe(
      'Training batches over which the batch-norm statistics are estimated again after training, for an evaluation ' +
        'of their own beside one with the test batches’ statistics; without it, moving statistics alone',
    ),
  decay: z
    .strictObject({ factor: z.number().positive().max(1), everyEpochs: z.int().min(1) })
    .default({ factor: 0.94, everyEpochs: 2 }),
  augment: fit.default({ fit: 'stretch', flip: true }),
  evaluate: fit.default({ fit: 'stretch', flip: false }),
  checkpointEvery: duration.default({ epochs: 1 }),
});

export type Protocol = z.infer<typeof protocol>;

/** The same as it comes back from JSON: no texts that are parsed. */
export const resolvedProtocol = protocol.extend({
  checkpointEvery: resolvedDuration,
  augment: fit,
  evaluate: fit,
});
