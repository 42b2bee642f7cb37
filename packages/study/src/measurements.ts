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

const count = z.int().min(0);

const cellMeasurements = z.strictObject({
  /** Photos of the test split, each of which counts once. */
  photos: z.int().min(1),
  trainingPhotos: z.int().min(1),
  /** Photos that the manifest lists as unusable. */
  dropped: count,
  /** Numbers that the model holds, moving statistics included. */
  parameters: count,
  /** Numbers in the resizer's convolutions; those of its batch norms are not counted, as in the paper. */
  resizerWeights: count,
  /** Of one photo's way through the model. */
  multiplyAdds: z.strictObject({ resizer: count, backbone: count }),
  /** Of a resizer with weights. */
  probes: probesSchema.nullable(),
});

/** What every trained cell measures. Times are not part of it: they differ from run to run. */
export type CellMeasurements = z.infer<typeof cellMeasurements>;

/** What a study measures, with other batch-norm statistics than the moving ones. */
export interface OtherStatistics<Measured> {
  /** With the test batches' own statistics, in random order. */
  batch: Measured;
  /** With the mean statistics of some training batches, taken after training. */
  reestimated: Measured;
}

/**
 * The measurements of a cell: those that every cell has, and those of the study by moving statistics
 * (`top1Errors`) and, where the config asks for it, by others (`statistics.batch.top1Errors`).
 */
export const measurementsOf = <Shape extends z.ZodRawShape>(measured: Shape) => {
  const own = z.strictObject(measured);
  return cellMeasurements.extend({
    ...measured,
    statistics: z.strictObject({ batch: own, reestimated: own }).nullable(),
  });
};
