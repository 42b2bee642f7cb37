import type { Manifest } from '@resizer-lab/datasets';
import type { Judge, Objective } from '@resizer-lab/training';

/**
 * What the cells of a study learn and how that is judged: all in which two studies of this kind differ.
 * `Judgement` is what is recorded of one photo, `Measured` what is made of all of them.
 */
export interface Task<Judgement extends object, Measured extends object> {
  /** Outputs of the head. */
  outputs(manifest: Manifest): number;
  /** What is trained. */
  objective: Objective;
  /** The loss without what only training needs, such as label smoothing; the probes look at its gradient. */
  plainObjective: Objective;
  /** What the logits of one photo say; with the photo's name it is a line of the predictions file. */
  judge: Judge<Judgement>;
  /** The study's part of a cell's measurements. @throws UserError where the predictions are unusable */
  measure(predictions: readonly Judgement[]): Measured;
  /** Values of the learning curve at the end of each epoch, by name: `test/loss`. */
  curve(predictions: readonly Judgement[]): Record<string, number>;
}
