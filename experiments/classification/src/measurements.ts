import { measurementsOf } from '@resizer-lab/study';
import { z } from 'zod';

/** What the predictions for all test photos add up to. */
const errors = {
  top1Errors: z.int(),
  top5Errors: z.int(),
  /** Mean cross entropy over the test photos. */
  loss: z.number(),
};

export const measurementsSchema = measurementsOf(errors);

export type Measurements = z.infer<typeof measurementsSchema>;

export type Errors = Pick<Measurements, keyof typeof errors>;
