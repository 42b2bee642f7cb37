import { UserError } from '@resizer-lab/base';
import type { Failed, Measured, Outcome } from './measure.ts';
import { succeeded } from './measure.ts';
import { median, type Spread, speedRatio, spreadOf } from './statistics.ts';

/** A row's outcome, ready to print. */
export interface Comparison {
  name: string;
  promised?: number;
  lines: readonly Line[];
  failures: readonly Failed[];
  /** The fastest peer, and how many times as fast we are. */
  best?: { peer: string; ratio: Spread };
}

/** One contestant in a row. */
export interface Line {
  name: string;
  /** Spread of the rounds' medians. */
  secondsPerStep: Spread;
  imagesPerSecond: number;
  peakMemory: number;
  secondsToFirstStep: number;
  flopsPerSecond: number;
  /** Of the matrix product's operations per second. */
  share: number;
}

interface Terms {
  name: string;
  batch: number;
  promised?: number;
  /** Name of our contestant. */
  ours: string;
  /** Name of the contestant that multiplies matrices. */
  reference: string;
}

/**
 * Compares what was measured. All contestants are credited with the operations that we count in our own
 * graph, so that their shares compare.
 * @throws UserError when we failed ourselves, or the contestants' models are not the same
 */
export function compare(
  outcomes: readonly Outcome[],
  { name, batch, promised, ours, reference }: Terms,
): Comparison {
  const [us, product] = [require(outcomes, ours), require(outcomes, reference)];
  const peers = outcomes.filter(succeeded).filter((outcome) => outcome !== us && outcome !== product);
  peers.forEach((peer) => requireSameModel(name, peer, us));

  const speedOf = ({ rounds }: Measured, flops: number) => flops / median(rounds.map(median));
  const limit = speedOf(product, product.description.stepFlops!);
  const lines = [us, ...peers].map((contestant) => {
    const secondsPerStep = spreadOf(contestant.rounds.map(median));
    const flopsPerSecond = speedOf(contestant, us.description.stepFlops!);
    const { peakMemory, secondsToFirstStep } = contestant;
    return {
      name: contestant.name,
      secondsPerStep,
      imagesPerSecond: batch / secondsPerStep.median,
      peakMemory,
      secondsToFirstStep,
      flopsPerSecond,
      share: flopsPerSecond / limit,
    };
  });
  const failures = outcomes.filter((outcome): outcome is Failed => !succeeded(outcome));
  const comparison = { name, lines, failures, ...(promised === undefined ? {} : { promised }) };
  const fastest = lines.slice(1).sort((a, b) => b.imagesPerSecond - a.imagesPerSecond)[0];
  if (!fastest) return comparison;
  const best = peers.find((peer) => peer.name === fastest.name)!;
  return { ...comparison, best: { peer: best.name, ratio: speedRatio(us.rounds, best.rounds) } };
}

function require(outcomes: readonly Outcome[], name: string): Measured {
  const outcome = outcomes.find((candidate) => candidate.name === name)!;
  if (succeeded(outcome)) return outcome;
  throw new UserError(outcome.failure);
}

function requireSameModel(row: string, peer: Measured, us: Measured): void {
  for (const count of ['multiplyAdds', 'trainable'] as const) {
    const [theirs, ours] = [peer.description[count], us.description[count]];
    if (theirs === ours) continue;
    const what = count === 'multiplyAdds' ? 'multiply-adds' : 'trainable parameters';
    throw new UserError(
      `${row}: ${peer.name} has ${theirs} ${what}, ${us.name} ${ours}; they must be one model.`,
    );
  }
}
