import { isDeepStrictEqual } from 'node:util';
import type { Scored } from '@resizer-lab/study';
import { ARMS, type Swap, swapArm } from './arms.ts';

/** What a swapped resizer is compared with. */
export type Reference = 'baseline' | 'fixed' | 'random' | 'own';

export const referenceText: Readonly<Record<Reference, string>> = {
  baseline: 'baseline',
  fixed: 'no resizer',
  random: 'resizer from random values',
  own: 'own resizer',
};

type Config = Scored['record']['config'];

/** The backbones that are targets, and the seeds, in the order of the plan. */
export const targetsOf = (scored: readonly Scored[]) => distinct(scored, ({ backbone }) => backbone);
export const seedsOf = (scored: readonly Scored[]) => distinct(scored, ({ seed }) => seed);

const distinct = <Value>(scored: readonly Scored[], of: (config: Config) => Value): Value[] => [
  ...new Set(scored.map(({ record }) => of(record.config))),
];

/** A finished cell by its target, arm and seed. */
export function cellAt<S extends Scored>(
  scored: readonly S[],
  { target, arm, seed }: { target: string; arm: string; seed: number },
): S | undefined {
  return scored.find(({ record: { config } }) => {
    return config.backbone === target && config.arm === arm && config.seed === seed;
  });
}

/** Finished swaps of a kind from a source to a target, one a seed. */
export function swapsOf<S extends Scored>(
  scored: readonly S[],
  { target, source, swap }: { target: string; source: string; swap: Swap },
): S[] {
  const arm = swapArm(swap, source);
  return seedsOf(scored).flatMap((seed) => cellAt(scored, { target, arm, seed }) ?? []);
}

/** What a swap, or another cell of its target and seed, is compared with; undefined if it is not finished. */
export function referenceOf<S extends Scored>(
  { record: { config } }: S,
  reference: Reference,
  scored: readonly S[],
): S | undefined {
  const at = (arm: string) => cellAt(scored, { target: config.backbone, arm, seed: config.seed });
  switch (reference) {
    case 'baseline':
    case 'fixed':
      return at(ARMS[reference]);
    case 'own':
      return at(swapArm('fine-tuned', config.backbone));
    case 'random':
      return at(ARMS.random) ?? ofThisStage(at(ARMS.own), config);
  }
}

/** A cell if it was trained for as long and at the same rate: what alike stages share. */
function ofThisStage<S extends Scored>(cell: S | undefined, { duration, rate }: Config): S | undefined {
  const other = cell?.record.config;
  return other && isDeepStrictEqual([other.duration, other.rate], [duration, rate]) ? cell : undefined;
}
