import type { Table } from '@resizer-lab/report';
import {
  claimsTables,
  deviationsOf,
  isSynthetic,
  pairedTable,
  paperTable,
  photosText,
  protocolNotes,
  readClaims,
  readPaper,
  scoredOf,
  seedsText,
} from '@resizer-lab/study';
import {
  type ClassificationRecord,
  type ClassifiedCell,
  cost,
  resizerWeights,
  statisticsColumns,
  top1Difference,
  topError,
} from './metrics.ts';
import { predictionSchema } from './predictions.ts';

const ownFile = (name: string) => new URL(`../${name}`, import.meta.url);

/**
 * Errors of every arm beside its paired control; of real photos also the paper's table with our numbers
 * in it, and the verdicts on its claims.
 */
export async function tablesOf(
  records: readonly ClassificationRecord[],
  { name, title }: { name: string; title: string },
): Promise<Table[]> {
  const scored = await scoredOf(records, predictionSchema);
  const errors = pairedTable(scored, {
    name: `${name}-errors`,
    title,
    metrics: [topError(1), { ...topError(5), detail: true }, ...statisticsColumns(scored)],
    comparisons: [top1Difference],
    notes: notesOf(scored),
  });
  if (scored.every(isSynthetic)) return [errors];
  const notes = [
    `Top-k errors of ${photosText(scored[0]!)}; the paper's are of ImageNet.`,
    ...deviationsOf(scored),
  ];
  const paper = await readPaper(ownFile('paper.yaml'));
  const claims = await readClaims(ownFile('claims.yaml'));
  return [
    { ...errors, notes: [...errors.notes, ...notes] },
    paperTable(scored, {
      ...{ name: `${name}-paper`, title: `${title}: beside the paper`, paper, notes },
      metrics: [topError(1), topError(5), cost, resizerWeights],
    }),
    ...claimsTables(scored, { name, title, claims, comparison: top1Difference }),
  ];
}

function notesOf(scored: readonly ClassifiedCell[]): string[] {
  return [
    `Seeds: ${seedsText(scored)}. Intervals: 95 %, Wilson's for an error, Tango's for a paired difference, Student's over seeds.`,
    ...protocolNotes(scored),
    'McNemar p: exact, two-sided, over the photos that only one of the two gets right; a tie is p ≥ 0.05.',
  ];
}
