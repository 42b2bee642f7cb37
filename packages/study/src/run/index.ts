/*
 * Apart from the rest, as it loads TensorFlow, which checking and planning a config do not need.
 */
export { runTrainedCell } from './cell.ts';
export { costsOf } from './costs.ts';
export { type Model, modelOf } from './model.ts';
export type { Task } from './task.ts';
