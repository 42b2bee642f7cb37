import { SCORES } from '@resizer-lab/datasets';
import { pearson, spearman } from '@resizer-lab/metrics';
import type { Task } from '@resizer-lab/study/run';
import { judgeScores, type ScorePrediction, scoreObjective } from '@resizer-lab/training';
import { type Agreement, agreementOf } from './measurements.ts';

/** To say how people scored a photo: the earth mover's distance of ten scores; judged by correlations. */
export function scoreTask({ emd }: { emd: 1 | 2 }): Task<ScorePrediction, Agreement> {
  const objective = scoreObjective({ r: emd });
  return {
    outputs: () => SCORES,
    objective,
    plainObjective: objective,
    judge: judgeScores,
    measure: agreementOf,
    curve: curveOf,
  };
}

/** A model that says the same of all photos, as one may that has hardly begun, has no correlations yet. */
function curveOf(photos: readonly ScorePrediction[]): Record<string, number> {
  const predicted = photos.map((photo) => photo.predicted);
  const truth = photos.map((photo) => photo.truth);
  const correlations = { 'test/plcc': pearson(predicted, truth), 'test/srcc': spearman(predicted, truth) };
  const defined = Object.entries(correlations).flatMap(([name, value]) =>
    value === null ? [] : [[name, value] as const],
  );
  const emd = photos.reduce((sum, { emd2 }) => sum + emd2, 0) / photos.length;
  return { ...Object.fromEntries(defined), 'test/emd': emd };
}
