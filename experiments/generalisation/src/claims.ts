import { readFile } from 'node:fs/promises';
import type { Table } from '@resizer-lab/report';
import {
  claimsFile,
  type Compared,
  type Decision,
  decide,
  type Scored,
  verdictTables,
} from '@resizer-lab/study';
import { parse } from 'yaml';
import { z } from 'zod';
import { parityOf } from './parity.ts';
import { differenceOf, type Scoring } from './scoring.ts';
import { referenceOf, swapsOf, targetsOf } from './swaps.ts';

const claim = z.strictObject({
  id: z.string(),
  claim: z.string(),
  source: z.string(),
  swap: z.enum(['zero-shot', 'fine-tuned']),
  /** `epochs`: how soon it is level with a resizer from random values, instead of how good it is in the end. */
  by: z.enum(['metric', 'epochs']).default('metric'),
  against: z.enum(['baseline', 'fixed', 'random', 'own']),
  /** By how much it may be worse; its differences have it taken off. */
  margin: z.number().min(0).max(1).default(0),
});

const fileOfPairs = claimsFile(claim).refine(
  ({ claims }) => claims.every(({ by, against }) => by === 'metric' || against === 'random'),
  { error: 'a claim by epochs is against random' },
);

export type Claims = z.infer<typeof fileOfPairs>;
type Claim = Claims['claims'][number];

/** Reads the study's `claims.yaml`: what is claimed, and the rule of the verdicts, both from before any run. */
export async function readClaims(file: URL): Promise<Claims> {
  return fileOfPairs.parse(parse(await readFile(file, 'utf8')));
}

/** The claims with their verdicts, and the comparisons that they rest on. */
export function claimsTables<S extends Scored>(
  scored: readonly S[],
  options: { name: string; title: string; claims: Claims; scoring: Scoring<S> },
): Table[] {
  const { name, title, claims, scoring } = options;
  const judged = claims.claims.map((claim) => ({
    ...claim,
    ...judge(claim, scored, { claims, scoring }),
    unit: claim.by === 'epochs' ? ('plain' as const) : scoring.comparisons[0].unit,
  }));
  const metric = `${scoring.metrics[0].header}; of a claim about epochs, epochs`;
  return verdictTables(judged, { name, title, rule: claims.rule, metric });
}

/** The verdict on a claim; each target with each resizer that is not its own is a comparison. */
function judge<S extends Scored>(
  claim: Claim,
  scored: readonly S[],
  { claims, scoring }: { claims: Claims; scoring: Scoring<S> },
): Decision {
  const targets = targetsOf(scored);
  const compared = targets.flatMap((target) =>
    targets
      .filter((source) => source !== target)
      .map((source): Compared => {
        const swaps = swapsOf(scored, { target, source, swap: claim.swap });
        const differences = swaps.flatMap((swap) => distanceOf(claim, swap, { scored, scoring }) ?? []);
        return { name: `${claim.swap}, resizer of ${source} before ${target}`, differences };
      }),
  );
  return decide(
    compared.filter(({ differences }) => differences.length > 0),
    claims,
  );
}

/** How far a swap is from what is claimed; below 0 it is as claimed. Null where a cell is missing. */
function distanceOf<S extends Scored>(
  { by, against, margin }: Claim,
  swap: S,
  { scored, scoring }: { scored: readonly S[]; scoring: Scoring<S> },
): number | null {
  if (by === 'epochs') {
    const parity = parityOf(swap, 'random', { scored, scoring });
    return parity && (parity.epoch ?? parity.epochs + 1) - parity.epochs;
  }
  const [comparison] = scoring.comparisons;
  const difference = differenceOf(comparison, swap, referenceOf(swap, against, scored));
  if (!difference) return null;
  return (comparison.better === 'lower' ? 1 : -1) * difference.value - margin;
}
