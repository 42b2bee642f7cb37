import type { Task } from '@resizer-lab/study/run';
import { type ClassPrediction, classObjective, judgeClass } from '@resizer-lab/training';
import type { Errors } from './measurements.ts';

/** To say the class of a photo: cross entropy with smoothed labels; judged by top-1 and top-5. */
export function classTask(options: { labelSmoothing: number }): Task<ClassPrediction, Errors> {
  return {
    outputs: ({ classes }) => Math.max(...classes.map(({ label }) => label)) + 1,
    objective: classObjective(options),
    plainObjective: classObjective({ labelSmoothing: 0 }),
    judge: judgeClass,
    measure: errorsOf,
    curve(predictions) {
      const { top1Errors, loss } = errorsOf(predictions);
      return { 'test/top1_error': top1Errors / predictions.length, 'test/loss': loss };
    },
  };
}

function errorsOf(predictions: readonly ClassPrediction[]): Errors {
  return {
    top1Errors: predictions.filter(({ rank }) => rank > 1).length,
    top5Errors: predictions.filter(({ rank }) => rank > 5).length,
    loss: predictions.reduce((sum, { loss }) => sum + loss, 0) / predictions.length,
  };
}
