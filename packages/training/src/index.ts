export type { Duration } from './duration.ts';
export { evaluate, type Prediction } from './evaluate.ts';
export { crossEntropy } from './loss.ts';
export { rateAt, type Schedule } from './schedule.ts';
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
