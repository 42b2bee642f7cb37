import { classification } from '@resizer-lab/classification';
import { quality } from '@resizer-lab/quality';
import {
  backbones,
  baseline,
  checkSyntheticSizes,
  expectation,
  hasWeights,
  pixels,
  rate,
  resizer,
} from '@resizer-lab/study';
import { duration } from '@resizer-lab/suite';
import { z } from 'zod';

/** What the backbones learn: the photos and the training of one of the other two studies. */
const task = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('classification'),
    data: classification.config.shape.data,
    training: classification.config.shape.training,
  }),
  z.strictObject({
    kind: z.literal('quality'),
    data: quality.config.shape.data,
    training: quality.config.shape.training,
  }),
]);

const resizerToSwap = resizer
  .refine(hasWeights, { error: 'has no weights that another backbone could take over; try kind: learned' })
  .refine((given) => given.kind !== 'learned' || !given.frozen, {
    error: 'is frozen: it would learn nothing from any backbone; leave `frozen` out',
  });

const severalBackbones = backbones
  .min(2)
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, {
    error: 'names a backbone twice; each must differ',
  });

/** The study's sections of a config. */
export const configSchema = z
  .object({
    task,
    input: pixels.describe('Height and width of the photos before the resizer'),
    target: pixels.describe('Height and width that the backbones see'),
    backbones: severalBackbones.describe('Each is a target and, with its own resizer, a source'),
    baseline: baseline.describe(
      'Each backbone with a fixed resizer, which is also the control of the others',
    ),
    resizer: resizerToSwap.describe('What is trained with one backbone and put in front of another'),
    source: z
      .strictObject({ duration, rate })
      .describe('First stage: each backbone with a resizer of its own, from random values of the resizer'),
    swap: z
      .strictObject({
        duration: duration.default({ epochs: 4 }),
        rate,
        expect: expectation
          .optional()
          .describe(
            'What a control experiment must show of each backbone’s own resizer against the fixed one',
          ),
      })
      .describe('Second stage: each backbone with each resizer, and its controls, for as long'),
  })
  .superRefine(({ task: { data }, input, target }, context) =>
    checkSyntheticSizes({ data, input, target }, context),
  );

export type Config = z.infer<typeof configSchema>;

/** A cell's config: that of a cell of the other study, and which one it is. */
export const cellSchema = z.discriminatedUnion('task', [
  classification.cell.extend({ task: z.literal('classification') }),
  quality.cell.extend({ task: z.literal('quality') }),
]);

export type CellConfig = z.infer<typeof cellSchema>;
