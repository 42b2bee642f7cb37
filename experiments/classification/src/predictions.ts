import { z } from 'zod';

/** What a cell predicted for one photo of the test split. */
export const predictionSchema = z.strictObject({
  photo: z.string(),
  label: z.int(),
  predicted: z.int(),
  /** Place of the true label among the classes' scores: top-k is right when rank ≤ k. */
  rank: z.int().min(1),
  loss: z.number(),
});

export type ClassifiedPhoto = z.infer<typeof predictionSchema>;
