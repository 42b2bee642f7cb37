export { type Duration, stepsOf } from './duration.ts';
export { type ClassPrediction, judgeClass } from './classes.ts';
export { earthMoversLoss, scoreObjective } from './emd.ts';
export { evaluate, type EvaluateOptions, type Example, type Judge } from './evaluate.ts';
export { classObjective, crossEntropy } from './loss.ts';
export type { Objective } from './objective.ts';
export { rateAt, type Schedule } from './schedule.ts';
export { judgeScores, type ScorePrediction } from './scores.ts';
export { restoreState, saveState, verifyState } from './state.ts';
export {
  type BatchShape,
  type Network,
  predictStep,
  slotOf,
  trainStep,
  type TrainStepOptions,
  variableShapes,
} from './step.ts';
export { train, type TrainOptions } from './train.ts';
export type { ProgressUpdate } from './records/index.ts';
