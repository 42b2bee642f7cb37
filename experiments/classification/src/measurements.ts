import { z } from 'zod';
import { probesSchema } from './probes-schema.ts';

/** What one cell measures. Times are not part of it: they differ from run to run. */
export const measurementsSchema = z.strictObject({
  /** Photos of the test split, each of which counts once. */
  photos: z.int().min(1),
  trainingPhotos: z.int().min(1),
  /** Photos that the manifest lists as unusable. */
  dropped: z.int(),
  top1Errors: z.int(),
  top5Errors: z.int(),
  /** Mean cross entropy over the test photos. */
  loss: z.number(),
  /** Numbers that the model holds, moving statistics included. */
  parameters: z.int(),
  /** Of a learned resizer. */
  probes: probesSchema.nullable(),
});

export type Measurements = z.infer<typeof measurementsSchema>;
