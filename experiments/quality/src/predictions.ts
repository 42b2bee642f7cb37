import { SCORES } from '@resizer-lab/datasets';
import { z } from 'zod';

/** What a cell predicted for one photo of the test split; see `ScorePrediction`. */
export const predictionSchema = z.strictObject({
  photo: z.string(),
  predicted: z.number(),
  truth: z.number(),
  emd1: z.number(),
  emd2: z.number(),
  shares: z.array(z.number()).length(SCORES),
});

export type ScoredPhoto = z.infer<typeof predictionSchema>;
