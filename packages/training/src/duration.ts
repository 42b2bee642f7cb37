import { UserError } from '@resizer-lab/base';

/** A length of training: in passes over the training photos, or in optimiser steps. */
export type Duration = { readonly epochs: number } | { readonly steps: number };

/** The duration in steps. @throws UserError for less than one step */
export function stepsOf(duration: Duration, stepsPerEpoch: number): number {
  const steps = 'steps' in duration ? duration.steps : Math.round(duration.epochs * stepsPerEpoch);
  if (steps >= 1) return steps;
  throw new UserError(`A duration of ${JSON.stringify(duration)} is less than one step.`, { exitCode: 2 });
}
