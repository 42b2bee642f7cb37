import { cellMeasurements } from '@resizer-lab/study';
import { z } from 'zod';

/** What the errors of all test photos add up to. */
const errors = {
  top1Errors: z.int(),
  top5Errors: z.int(),
  /** Mean cross entropy over the test photos. */
  loss: z.number(),
};

export const measurementsSchema = cellMeasurements.extend(errors);

export type Measurements = z.infer<typeof measurementsSchema>;

export type Errors = Pick<Measurements, keyof typeof errors>;
