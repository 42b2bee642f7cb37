import { readFile } from 'node:fs/promises';
import { meanOverSeeds } from '@resizer-lab/metrics';
import type { Table } from '@resizer-lab/report';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Comparison } from './tables/comparison.ts';
import { groupedOverSeeds } from './tables/paired.ts';
import { checkPair, controlOf, type Scored } from './tables/scored.ts';

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

const claimsFile = z.strictObject({
  /** The rule in words, which `judge` follows. */
  rule: z.string(),
  /** Fewer seeds decide nothing. */
  seeds: z.int().min(2),
  /** Chance of any wrong decision within a claim. */
  alpha: z.number().positive().max(0.5),
  claims: z.array(claim).min(1),
});

export type Claims = z.infer<typeof claimsFile>;
type Claim = Claims['claims'][number];

export type ClaimVerdict = 'reproduced' | 'not reproduced' | 'inconclusive' | 'not run';

/** Reads a study's `claims.yaml`: what is claimed, and the rule of the verdicts, both from before any run. */
export async function readClaims(file: URL): Promise<Claims> {
  return claimsFile.parse(parse(await readFile(file, 'utf8')));
}

/** A table of claims with their verdicts; `comparison` is the metric that they are judged by. */
export function claimsTable<S extends Scored>(
  scored: readonly S[],
  options: { name: string; title: string; claims: Claims; comparison: Comparison<S> },
): Table {
  const { name, title, claims, comparison } = options;
  const judged = claims.claims.map((claim) => ({
    ...claim,
    ...judge(claim, scored, { claims, comparison }),
  }));
  return verdictsTable(judged, { name, title, rule: claims.rule, metric: comparison.header });
}

/** A claim and what became of it. */
export interface JudgedClaim extends Decision {
  claim: string;
  source: string;
}

/** A row for each claim, the rule below them. */
export function verdictsTable(
  judged: readonly JudgedClaim[],
  { name, title, rule, metric }: { name: string; title: string; rule: string; metric: string },
): Table {
  return {
    name,
    title,
    columns: [
      { key: 'claim', header: 'Claim' },
      { key: 'verdict', header: 'Verdict' },
      { key: 'evidence', header: 'Evidence' },
      { key: 'source', header: 'Source', detail: true },
    ],
    rows: judged.map(({ claim, verdict, evidence, source }) => ({ claim, verdict, evidence, source })),
    notes: [`Rule, written before the run: ${rule.trim()}`, `Metric: ${metric}.`],
  };
}

/** The verdict on a claim: a comparison is an arm with its reference over the seeds. */
export function judge<S extends Scored>(
  claim: Claim,
  scored: readonly S[],
  { claims, comparison }: { claims: Claims; comparison: Comparison<S> },
): Decision {
  return decide(differencesOf(claim, scored, comparison), claims);
}

export interface Decision {
  verdict: ClaimVerdict;
  evidence: string;
}

/**
 * The verdict that comparisons add up to, each of which is its differences, one a seed; below 0 they
 * speak for the claim. The mean difference has Student's interval at a level of 1 − alpha / comparisons
 * (Bonferroni).
 */
export function decide(
  comparisons: readonly (readonly number[])[],
  { seeds: needed, alpha }: Pick<Claims, 'seeds' | 'alpha'>,
): Decision {
  if (comparisons.length === 0) return { verdict: 'not run', evidence: '' };
  const level = 1 - alpha / comparisons.length;
  const outcomes = comparisons.map((differences) => {
    const { low, high } = meanOverSeeds(differences, { confidence: level });
    if (low === null || high === null || differences.length < needed) return 'open';
    return high < 0 ? 'for' : low > 0 ? 'against' : 'open';
  });
  const countOf = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
  const fewest = Math.min(...comparisons.map(({ length }) => length));
  const seeds = `${fewest} seed${fewest === 1 ? '' : 's'}`;
  const few = fewest < needed ? `; ${seeds} of ${needed} needed` : '';
  const evidence = `${outcomes.length} compared: ${countOf('for')} for, ${countOf('against')} against, ${countOf('open')} open${few}`;
  if (countOf('against') > 0) return { verdict: 'not reproduced', evidence };
  return { verdict: countOf('open') > 0 ? 'inconclusive' : 'reproduced', evidence };
}

/** For each arm of a claim the differences from its reference, one a seed; below 0 the arm is better. */
function differencesOf<S extends Scored>(
  { arms, against }: Claim,
  scored: readonly S[],
  comparison: Comparison<S>,
): number[][] {
  const sign = comparison.better === 'lower' ? 1 : -1;
  const groups = groupedOverSeeds(scored).filter(([first]) => {
    const { resizer, frozenBackbone } = first!.record.config;
    return resizer.kind === arms.resizer && frozenBackbone === (arms.backbone === 'frozen');
  });
  const differences = groups.map((group) =>
    group.flatMap((cell) => {
      const reference = against === 'control' ? controlOf(cell, scored) : largerOf(cell, scored);
      if (!reference) return [];
      checkPair(cell, reference);
      return [sign * comparison.of(cell, reference).value];
    }),
  );
  return differences.filter(({ length }) => length > 0);
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
