import { readFile } from 'node:fs/promises';
import type { Table } from '@resizer-lab/report';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Comparison } from '../tables/comparison.ts';
import { groupedOverSeeds } from '../tables/paired.ts';
import { checkPair, controlOf, type Scored } from '../tables/scored.ts';
import { type Compared, type Decision, decide } from './decide.ts';
import { verdictTables } from './tables.ts';

const claim = z.strictObject({
  id: z.string(),
  claim: z.string(),
  source: z.string(),
  /** The arms that it speaks of. */
  arms: z.strictObject({
    resizer: z.enum(['learned', 'muller']),
    backbone: z.enum(['trained', 'frozen']),
  }),
  /** What they must be better than: their paired control, or a fixed resizer that shows the backbone more pixels. */
  against: z.enum(['control', 'larger input']),
});

/** What a study's `claims.yaml` holds, its claims being of the study's own kind. */
export const claimsFile = <C extends z.ZodType>(claim: C) =>
  z.strictObject({
    /** The rule in words, which the study's judging follows. */
    rule: z.string(),
    /** Fewer seeds decide nothing. */
    seeds: z.int().min(2),
    /** Chance of any wrong decision within a claim. */
    alpha: z.number().positive().max(0.5),
    claims: z.array(claim).min(1),
  });

const fileOfArms = claimsFile(claim);

export type Claims = z.infer<typeof fileOfArms>;
type Claim = Claims['claims'][number];

/** Reads a study's `claims.yaml`: what is claimed, and the rule of the verdicts, both from before any run. */
export async function readClaims(file: URL): Promise<Claims> {
  return fileOfArms.parse(parse(await readFile(file, 'utf8')));
}

/**
 * The claims with their verdicts, and the comparisons that they rest on; `comparison` is the metric that
 * they are judged by.
 */
export function claimsTables<S extends Scored>(
  scored: readonly S[],
  options: { name: string; title: string; claims: Claims; comparison: Comparison<S> },
): Table[] {
  const { name, title, claims, comparison } = options;
  const judged = claims.claims.map((claim) => ({
    ...claim,
    ...judge(claim, scored, { claims, comparison }),
    unit: comparison.unit,
  }));
  return verdictTables(judged, { name, title, rule: claims.rule, metric: comparison.header });
}

/** The verdict on a claim: a comparison is an arm with its reference over the seeds. */
export function judge<S extends Scored>(
  claim: Claim,
  scored: readonly S[],
  { claims, comparison }: { claims: Claims; comparison: Comparison<S> },
): Decision {
  return decide(comparedBy(claim, scored, comparison), claims);
}

/** Each arm of a claim with its differences from its reference, one a seed. */
function comparedBy<S extends Scored>(
  { arms, against }: Claim,
  scored: readonly S[],
  comparison: Comparison<S>,
): Compared[] {
  const sign = comparison.better === 'lower' ? 1 : -1;
  const groups = groupedOverSeeds(scored).filter(([first]) => {
    const { resizer, frozenBackbone } = first!.record.config;
    return resizer.kind === arms.resizer && frozenBackbone === (arms.backbone === 'frozen');
  });
  return groups.flatMap((group) => {
    const references = group.map((cell) => {
      return against === 'control' ? controlOf(cell, scored) : largerOf(cell, scored);
    });
    const differences = group.flatMap((cell, i) => {
      const reference = references[i];
      if (!reference) return [];
      checkPair(cell, reference);
      return [sign * comparison.of(cell, reference).value];
    });
    const reference = references.find((found) => found !== undefined);
    return reference ? [{ name: comparedText(group[0]!, reference), differences }] : [];
  });
}

/** What is compared, in words. */
function comparedText({ record: { config } }: Scored, { record: reference }: Scored): string {
  const { backbone, input, target, arm } = config;
  const other = reference.config.target === target ? '' : ` (to ${reference.config.target})`;
  return `${backbone}, ${input} → ${target}: ${arm} against ${reference.config.arm}${other}`;
}

const costOf = ({ record }: Scored) =>
  record.measurements.multiplyAdds.resizer + record.measurements.multiplyAdds.backbone;

/** The arm with a fixed resizer and a larger image for the backbone whose cost is nearest. */
function largerOf<S extends Scored>(cell: S, scored: readonly S[]): S | undefined {
  const { backbone, input, seed, target } = cell.record.config;
  const distance = (other: S) => Math.abs(costOf(other) - costOf(cell));
  return scored
    .filter(({ record: { config } }) => {
      const samePlace = config.backbone === backbone && config.input === input && config.seed === seed;
      return samePlace && config.resizer.kind === 'fixed' && config.target > target;
    })
    .sort((a, b) => distance(a) - distance(b))[0];
}
