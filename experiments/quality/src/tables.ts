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
import { comparisons, metrics, type QualityCell, type QualityRecord } from './metrics.ts';
import { predictionSchema } from './predictions.ts';

const ownFile = (name: string) => new URL(`../${name}`, import.meta.url);

/**
 * How well every arm follows people's scores, beside its paired control; of real photos also the paper's
 * table with our numbers in it, and the verdicts on its claims.
 */
export async function tablesOf(
  records: readonly QualityRecord[],
  { name, title }: { name: string; title: string },
): Promise<Table[]> {
  const scored = await scoredOf(records, predictionSchema);
  const compared = comparisons();
  const correlations = pairedTable(scored, {
    ...{ name: `${name}-correlations`, title },
    ...{ metrics, comparisons: compared, notes: notesOf(scored) },
  });
  if (scored.every(isSynthetic)) return [correlations];
  const notes = [`Correlations on ${photosText(scored[0]!)}; the paper's are on AVA.`, ...deviations(scored)];
  const paper = await readPaper(ownFile('paper.yaml'));
  const claims = await readClaims(ownFile('claims.yaml'));
  return [
    { ...correlations, notes: [...correlations.notes, ...notes] },
    paperTable(scored, {
      ...{ name: `${name}-paper`, title: `${title}: beside the paper`, paper, notes },
      metrics: metrics.filter(({ key }) => key === 'plcc' || key === 'srcc'),
    }),
    ...claimsTables(scored, { name, title, claims, comparison: compared[0] }),
  ];
}

/** Where cells depart from the paper: in what all studies may, and in what this one alone has. */
function deviations(scored: readonly QualityCell[]): string[] {
  const { data, training } = scored[0]!.record.config;
  const { kind, score } = data as { kind: string; score?: object };
  const bases = scored.flatMap(({ record: { config } }) => {
    const { resizer } = config;
    return resizer.kind === 'fixed' ? [] : [resizer.base];
  });
  const others = [...new Set(bases)].filter((base) => base !== 'bicubic');
  const own = [
    ...(kind === 'ava' ? [] : ['Photos and scores are not those of AVA.']),
    ...(score && 'column' in score
      ? ['Only mean scores are known: a mean is parted between the two scores next to it.']
      : []),
    ...(others.length > 0 ? [`Base interpolation ${others.join(', ')}; the paper: bicubic.`] : []),
    ...(training.emd === 2 ? [] : [`Loss with r = ${training.emd}; the paper: r = 2.`]),
  ];
  return [...deviationsOf(scored), ...own.map((text) => `Deviation: ${text}`)];
}

function notesOf(scored: readonly QualityCell[]): string[] {
  return [
    `Seeds: ${seedsText(scored)}. Intervals: 95 %, bootstrap over the photos (paired for a difference), Fisher's for KRCC, Wilson's for an accuracy, Student's over seeds.`,
    ...protocolNotes(scored),
    'p: Williams’ test of two correlations with the same scores, two-sided, for SRCC with ranks; a tie is p ≥ 0.05. Fitted: after the four-parameter logistic. Scores are 1 … 10. No interval: too few photos, or predictions that hardly differ.',
  ];
}
