import { UserError } from '@resizer-lab/base';
import {
  fitLogistic,
  kendall,
  logistic,
  pearson,
  rmse,
  spearman,
  twoClassAccuracy,
} from '@resizer-lab/metrics';
import { measurementsOf } from '@resizer-lab/study';
import type { ScorePrediction } from '@resizer-lab/training';
import { z } from 'zod';

/** Where AVA parts good photos from bad ones. */
export const CUT = 5;

/** How well predicted mean scores follow the true ones, over the test photos. */
const agreement = {
  /** Pearson's correlation. */
  plcc: z.number(),
  /** The same after the four-parameter logistic fit; 0 where the fit is flat. */
  plccFitted: z.number(),
  /** Spearman's rank correlation. */
  srcc: z.number(),
  /** Kendall's τ-b. */
  krcc: z.number(),
  /** On the scale 1 … 10. */
  rmse: z.number(),
  /** Mean earth mover's distance of the distributions, r = 1 and r = 2. */
  emd1: z.number(),
  emd2: z.number(),
  /** Share of the photos that prediction and truth put on the same side of 5. */
  accuracy: z.number(),
};

export const measurementsSchema = measurementsOf(agreement);

export type Measurements = z.infer<typeof measurementsSchema>;

export type Agreement = Pick<Measurements, keyof typeof agreement>;

export type Judged = Pick<ScorePrediction, 'predicted' | 'truth' | 'emd1' | 'emd2'>;

/** @throws UserError where all predictions, or all true scores, are the same: nothing correlates. */
export function agreementOf(photos: readonly Judged[]): Agreement {
  const predicted = photos.map((photo) => photo.predicted);
  const truth = photos.map((photo) => photo.truth);
  const plcc = pearson(predicted, truth);
  const srcc = spearman(predicted, truth);
  const krcc = kendall(predicted, truth);
  if (plcc === null || srcc === null || krcc === null) {
    const [whose, value] = truth.some((score) => score !== truth[0])
      ? ['predicted', predicted[0]]
      : ['true', truth[0]];
    throw new UserError(
      `The ${whose} scores of all ${photos.length} test photos are ${value}: no correlation is defined. ` +
        (whose === 'true' ? 'Other test photos are needed.' : 'A lower learning rate may help.'),
    );
  }
  return {
    ...{ plcc, plccFitted: pearson(fitted(predicted, truth), truth) ?? 0, srcc, krcc },
    ...{ rmse: rmse(predicted, truth), emd1: meanOf(photos, 'emd1'), emd2: meanOf(photos, 'emd2') },
    accuracy: twoClassAccuracy(predicted, truth, { cut: CUT }),
  };
}

/** Predictions on the scale of the truth, by the logistic that fits best. */
export function fitted(predicted: readonly number[], truth: readonly number[]): number[] {
  const { parameters } = fitLogistic(predicted, truth);
  return predicted.map((score) => logistic(score, parameters));
}

function meanOf(photos: readonly Judged[], key: 'emd1' | 'emd2'): number {
  return photos.reduce((sum, photo) => sum + photo[key], 0) / photos.length;
}
