import { z } from 'zod';

/** Evidence, stored with every learned run, that a learned resizer was really at work. */
export const probesSchema = z.strictObject({
  /** [height, width, channels] of the resizer's output. */
  outputShape: z.array(z.int()),
  sizeIsTarget: z.boolean(),
  /** Root mean square of output − base interpolation, in the units of the backbone's input. */
  differenceFromInterpolation: z.number(),
  /** The same for output − input; null where the sizes differ, which is difference enough. */
  differenceFromInput: z.number().nullable(),
  /** For each resizer weight: the norm of the loss' gradient on one batch, and how far it moved. */
  weights: z.record(z.string(), z.strictObject({ gradient: z.number(), moved: z.number() })),
});

export type Probes = z.infer<typeof probesSchema>;

/**
 * What every trained cell measures; a study adds its own (`cellMeasurements.extend({ … })`). Times are
 * not part of it: they differ from run to run.
 */
export const cellMeasurements = z.strictObject({
  /** Photos of the test split, each of which counts once. */
  photos: z.int().min(1),
  trainingPhotos: z.int().min(1),
  /** Photos that the manifest lists as unusable. */
  dropped: z.int(),
  /** Numbers that the model holds, moving statistics included. */
  parameters: z.int(),
  /** Of a learned resizer. */
  probes: probesSchema.nullable(),
});

export type CellMeasurements = z.infer<typeof cellMeasurements>;
