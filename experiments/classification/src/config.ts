import { isAbsolute } from 'node:path';
import { backboneNames } from '@resizer-lab/backbones/names';
import { interpolations } from '@resizer-lab/engine/interpolation';
import { duration, resolvedDuration } from '@resizer-lab/suite';
import { z } from 'zod';

const pixels = z.int().min(1).max(4096);
const share = z.number().min(0).max(1);
const count = z.int().min(1).max(10_000_000);

/** A path below the folder of the data sets or of the weights. */
const relativePath = z
  .string()
  .min(1)
  .max(1000)
  .refine((path) => !isAbsolute(path) && !path.split('/').includes('..'), {
    error: ({ input }) => `is ${JSON.stringify(input)}; must be a path below its folder, without ".."`,
  });

const dataset = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('folder'),
      path: relativePath,
      train: relativePath.default('train'),
      test: relativePath.default('val'),
      limit: z.strictObject({ train: count.optional(), test: count.optional() }).optional(),
    })
    .describe('Photos in folders: <path>/<split>/<class>/<photo>, below the data root'),
  z
    .strictObject({
      kind: z.literal('synthetic'),
      version: z.enum(['positive', 'negative']),
      train: count,
      test: count,
      classes: z.int().min(2).max(4),
      seed: z.int().min(0).default(0),
    })
    .describe('Pictures made in memory, of the input and target sizes'),
]);

const fit = z.discriminatedUnion('fit', [
  z.strictObject({ fit: z.literal('stretch'), flip: z.boolean().default(false) }),
  z.strictObject({ fit: z.literal('center-crop'), shortSide: pixels, flip: z.boolean().default(false) }),
  z.strictObject({
    fit: z.literal('random-resized-crop'),
    scale: z.tuple([share, share]),
    ratio: z.tuple([z.number().positive(), z.number().positive()]),
    flip: z.boolean().default(false),
  }),
]);

const resizer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fixed'), method: z.enum(interpolations) }),
  z.strictObject({
    kind: z.literal('learned'),
    filters: z.int().min(1).max(512).default(16),
    blocks: z.int().min(0).max(64).default(1),
    base: z.enum(interpolations).default('bilinear'),
    start: z.enum(['random', 'identity']).default('random'),
    frozen: z.boolean().default(false),
  }),
]);

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/, {
  error: ({ input }) => `is ${JSON.stringify(input)}; must be lower-case letters, digits and -`,
});

const arm = z.strictObject({
  resizer,
  control: name.optional().describe('The arm with a fixed resizer that this one is paired with'),
  expect: z
    .enum(['better', 'tie'])
    .optional()
    .describe('What a control experiment must show against its paired arm; printed with the table'),
});

/**
 * Refuses arms whose numbers would mean nothing: a learned resizer without its paired control, a
 * control that is not there or has no fixed resizer.
 */
function checkArms(arms: Record<string, z.infer<typeof arm>>, context: z.RefinementCtx): void {
  for (const [own, { resizer, control, expect }] of Object.entries(arms)) {
    const refuse = (key: string[], message: string) =>
      context.addIssue({ code: 'custom', path: [own, ...key], message });
    const known = control === undefined ? undefined : arms[control];
    if (control === undefined && resizer.kind === 'learned') {
      refuse(
        [],
        'has a learned resizer but no paired control; add `control:` with the name of an arm with a fixed resizer',
      );
    }
    if (control === undefined && expect) refuse(['expect'], 'needs a `control` to compare with');
    if (control !== undefined && !known) {
      refuse(['control'], `is "${control}", which is no arm here; arms: ${Object.keys(arms).join(', ')}`);
    }
    if (control === own) refuse(['control'], `is "${own}", the arm itself`);
    else if (known?.resizer.kind === 'learned')
      refuse(['control'], `is "${control}", which has no fixed resizer`);
  }
}

const rate = z.number().positive().max(10);

/** What all cells of a config train with; each choice that the paper leaves open is a deviation. */
const training = z.strictObject({
  batch: z.int().min(1).max(4096),
  momentum: z.number().min(0).max(0.9999).default(0.9),
  batchNormMomentum: z
    .number()
    .min(0)
    .max(0.9999)
    .default(0.99)
    .describe('Weight of the old moving statistics in each step; short runs need a lower one'),
  labelSmoothing: z.number().min(0).max(0.99).default(0.1),
  decay: z
    .strictObject({ factor: z.number().positive().max(1), everyEpochs: z.int().min(1) })
    .default({ factor: 0.94, everyEpochs: 2 }),
  augment: fit.default({ fit: 'stretch', flip: true }),
  evaluate: fit.default({ fit: 'stretch', flip: false }),
  checkpointEvery: duration.default({ epochs: 1 }),
});

const sections = z.object({
  data: dataset,
  input: pixels.describe('Height and width of the photos before the resizer'),
  target: pixels.describe('Height and width that the backbone sees'),
  backbones: z
    .array(
      z.strictObject({
        name: z.enum(backboneNames),
        weights: relativePath
          .optional()
          .describe('A safetensors file below the weights root; without it the backbone starts at random'),
      }),
    )
    .min(1),
  training,
  baseline: z.strictObject({
    resizer: z.strictObject({ kind: z.literal('fixed'), method: z.enum(interpolations) }),
    duration,
    rate,
  }),
  arms: z.strictObject({ duration, rate, list: z.record(name, arm).superRefine(checkArms) }),
});

/** The study's sections of a config. */
export const configSchema = sections.superRefine(({ data, input, target }, context) => {
  // The class of a synthetic picture lies where resizing by a whole factor of 3 or more treats it alike.
  if (data.kind !== 'synthetic' || (input % target === 0 && input >= 3 * target)) return;
  context.addIssue({
    code: 'custom',
    path: ['input'],
    message: `is ${input}; must be 3, 4, … times the target of ${target} for synthetic pictures, such as ${4 * target}`,
  });
});

export type Config = z.infer<typeof configSchema>;

/** A cell's config: nothing that bears on its result is left out. */
export const cellSchema = z.strictObject({
  role: z.enum(['baseline', 'arm']),
  arm: z.string(),
  control: z.string().nullable(),
  expect: z.enum(['better', 'tie']).nullable(),
  backbone: z.enum(backboneNames),
  weights: z.string().nullable(),
  data: z.unknown(),
  input: pixels,
  target: pixels,
  resizer,
  training: training.extend({ checkpointEvery: resolvedDuration, augment: fit, evaluate: fit }),
  duration: resolvedDuration,
  rate,
  seed: z.int(),
});

export type CellConfig = z.infer<typeof cellSchema>;
