import type { Machine } from './machine.ts';
import type { Measured } from './measure.ts';
import { type Spread, spreadOf } from './statistics.ts';
import type { Work } from './work.ts';

/** What one setting costs. */
export interface Cost {
  setting: string;
  task: Work['task'];
  batch: number;
  /** Floating-point operations of one step, two for each multiply-add of our recorded graph. */
  stepFlops: number;
  /** Spread of the single steps. */
  secondsPerStep: Spread;
  /** In bytes. */
  peakMemory: number;
}

/** A curve as it was measured. */
export interface MeasuredCurve {
  name: string;
  title: string;
  per: 'image' | 'step';
  machine: Machine;
  costs: readonly Cost[];
}

export function costOf(
  { description, rounds, peakMemory }: Measured,
  of: Pick<Cost, 'setting' | 'task' | 'batch'>,
): Cost {
  return {
    ...of,
    stepFlops: description.stepFlops!,
    secondsPerStep: spreadOf(rounds.flat()),
    peakMemory,
  };
}

/** Seconds of one operation. */
export const secondsPerFlop = ({ secondsPerStep, stepFlops }: Cost) => secondsPerStep.median / stepFlops;

/** How much dearer than an operation elsewhere makes a point worse than proportional. */
const TOLERANCE = 1.25;

/** A point that costs more than its share. */
export interface Excess {
  cost: Cost;
  /** The point with no more operations a step whose operations are cheapest. */
  than: Cost;
  ratio: number;
}

/**
 * The points of one curve and task that are worse than proportional: their operations cost more than 25 %
 * more than those of a smaller point of the curve.
 */
export function worseThanProportional(costs: readonly Cost[]): Excess[] {
  return costs.flatMap((cost) => {
    const smaller = costs.filter(({ stepFlops }) => stepFlops <= cost.stepFlops);
    const than = smaller.reduce((best, other) =>
      secondsPerFlop(other) < secondsPerFlop(best) ? other : best,
    );
    const ratio = secondsPerFlop(cost) / secondsPerFlop(than);
    return ratio > TOLERANCE ? [{ cost, than, ratio }] : [];
  });
}

/** The same curves, each as it was measured last, in the order in which they first come. */
export function latest(curves: readonly MeasuredCurve[]): MeasuredCurve[] {
  return [...new Map(curves.map((curve) => [curve.name, curve])).values()];
}
