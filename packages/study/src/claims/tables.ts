import type { Table, Unit } from '@resizer-lab/report';
import { estimateOf } from '../tables/estimates.ts';
import type { Decision } from './decide.ts';

/** A claim and what became of it. */
export interface JudgedClaim extends Decision {
  readonly id: string;
  readonly claim: string;
  readonly source: string;
  /** Of its differences. */
  readonly unit: Unit;
}

export interface ClaimTablesOptions {
  /** Of the config; the files are `<name>-claims` and `<name>-comparisons`. */
  readonly name: string;
  readonly title: string;
  /** The rule in words. */
  readonly rule: string;
  /** What the differences are of. */
  readonly metric: string;
}

/** The claims with their verdicts, the rule below them; and each comparison that a verdict rests on, if there is any. */
export function verdictTables(judged: readonly JudgedClaim[], options: ClaimTablesOptions): Table[] {
  const comparisons = comparisonsTable(judged, options);
  return [verdictsTable(judged, options), ...(comparisons.rows.length > 0 ? [comparisons] : [])];
}

function verdictsTable(
  judged: readonly JudgedClaim[],
  { name, title, rule, metric }: ClaimTablesOptions,
): Table {
  return {
    name: `${name}-claims`,
    title: `${title}: claims`,
    columns: [
      { key: 'claim', header: 'Claim' },
      { key: 'verdict', header: 'Verdict' },
      { key: 'evidence', header: 'Evidence' },
      { key: 'source', header: 'Source', detail: true },
      { key: 'id', header: 'Id', detail: true },
    ],
    rows: judged.map(({ claim, verdict, evidence, source, id }) => ({
      ...{ claim, verdict, evidence, source, id },
    })),
    notes: [`Rule, written before the run: ${rule.trim()}`, `Metric: ${metric}.`],
  };
}

function comparisonsTable(
  judged: readonly JudgedClaim[],
  { name, title, metric }: ClaimTablesOptions,
): Table {
  return {
    name: `${name}-comparisons`,
    title: `${title}: what the verdicts rest on`,
    columns: [
      { key: 'id', header: 'Claim' },
      { key: 'compared', header: 'Compared' },
      { key: 'seeds', header: 'Seeds', format: 'count' },
      { key: 'difference', header: 'Difference (below 0: for it)' },
      { key: 'p', header: 'p', format: 'p' },
      { key: 'adjusted', header: 'p after Holm', format: 'p' },
      { key: 'outcome', header: 'Outcome' },
    ],
    rows: judged.flatMap(({ id, unit, comparisons }) =>
      comparisons.map(({ name: compared, seeds, mean, p, adjusted, outcome }) => ({
        ...{ id, compared, seeds, p, adjusted, outcome },
        difference: estimateOf(mean, unit),
      })),
    ),
    notes: [
      `Metric: ${metric}, turned so that below 0 speaks for the claim. Means over seeds. p: Student's, paired over the seeds, two-sided; adjusted by Holm over the comparisons of the claim, among which one of too few seeds counts with p = 1.`,
      'The intervals of a claim hold all at once (Bonferroni), which is more than Holm asks for: a decided comparison may have one that holds 0.',
    ],
  };
}
