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
