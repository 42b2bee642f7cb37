import { predictionSchema as classPrediction } from '@resizer-lab/classification/predictions';
import { predictionSchema as scorePrediction } from '@resizer-lab/quality/predictions';
import type { Table } from '@resizer-lab/report';
import {
  deviationsOf,
  durationText,
  isSynthetic,
  pairedTable,
  photosText,
  readPaper,
  type Scored,
  scoredOf,
  seedsText,
} from '@resizer-lab/study';
import { claimsTables, readClaims } from './claims.ts';
import { differencesTable, matrixTable } from './matrices.ts';
import { parityTable } from './parity.ts';
import { type GeneralisationRecord, partedByTask } from './records.ts';
import { correlations, errorsOf, type Scoring } from './scoring.ts';

const ownFile = (name: string) => new URL(`../${name}`, import.meta.url);

interface Titled {
  name: string;
  title: string;
}

/**
 * Matrices of targets and sources: zero-shot, fine-tuned, differences from the controls; how soon a swap
 * is level with its controls; every cell beside its control; of real photos also the verdicts on the claims.
 */
export async function tablesOf(records: readonly GeneralisationRecord[], suite: Titled): Promise<Table[]> {
  const { classes, scores } = partedByTask(records);
  if (classes.length > 0) {
    const scored = await scoredOf(classes, classPrediction);
    return tables(scored, errorsOf(scored), suite);
  }
  return tables(await scoredOf(scores, scorePrediction), correlations(), suite);
}

async function tables<S extends Scored>(
  scored: readonly S[],
  scoring: Scoring<S>,
  { name, title }: Titled,
): Promise<Table[]> {
  const real = !scored.every(isSynthetic);
  const paper = real ? await readPaper(ownFile('paper.yaml')) : null;
  const metric = scoring.metrics[0].header;
  const notes = [`Seeds: ${seedsText(scored)}. ${scoring.note}`, ...stageNotes(scored)];
  const more = real ? [photosOf(scored), ...deviations(scored)] : [];
  const beside = paper ? [`Paper: ${paper.paper}. A blank is a number that we do not have.`] : [];
  const own = { scoring, notes };
  const found = [
    matrixTable(scored, {
      ...{ ...own, name: `${name}-fine-tuned`, title: `${title}: fine-tuned, ${metric}` },
      ...{ swap: 'fine-tuned', references: ['fixed', 'random'], paper },
      notes: [...notes, ...beside, ...more],
    }),
    matrixTable(scored, {
      ...{ ...own, name: `${name}-zero-shot`, title: `${title}: without fine-tuning, ${metric}` },
      ...{ swap: 'zero-shot', references: ['baseline'], paper: null },
    }),
    differencesTable(scored, { ...own, name: `${name}-differences`, title: `${title}: differences` }),
    parityTable(scored, { name: `${name}-parity`, title: `${title}: epochs to parity`, scoring }),
    pairedTable(scored, { ...scoring, name: `${name}-cells`, title: `${title}: all cells`, notes }),
  ];
  if (!real) return found;
  const claims = await readClaims(ownFile('claims.yaml'));
  return [...found, ...claimsTables(scored, { name, title, claims, scoring })];
}

const photosOf = ([first]: readonly Scored[]) =>
  `${photosText(first!)}; the paper's classification is on ImageNet, its quality on AVA.`;

/** How the two stages were trained. */
function stageNotes(scored: readonly Scored[]): string[] {
  const configs = scored.map(({ record }) => record.config);
  const textOf = (duration: (typeof configs)[number]['duration'] | undefined) =>
    duration ? durationText(duration) : null;
  const first = textOf(configs.find(({ role }) => role === 'source')?.duration);
  const second = textOf(configs.find(({ role, duration }) => role === 'arm' && duration)?.duration);
  return [
    ...(first
      ? [`A resizer is trained with its own backbone for ${first}, from that one's baseline checkpoint.`]
      : []),
    ...(second
      ? [
          `Fine-tuned, and its controls: ${second} of backbone and resizer together from the baseline checkpoint of the row's backbone, in the same order of photos.`,
        ]
      : []),
    'On the diagonal stands the own resizer, which is swapped in front of its backbone’s baseline like any other.',
  ];
}

/** Where the cells depart from the paper: in what all studies may, and in what this one alone has. */
function deviations(scored: readonly Scored[]): string[] {
  const isForeign = ({ record: { config } }: Scored) => config.range !== config.backbone;
  const range =
    'In which range of values the paper’s resizers work is not known to us. Here one works on images as the backbone that it was trained with sees them; in front of another its output is shifted and scaled, channel by channel, to the range of that one.';
  return [...deviationsOf(scored), ...(scored.some(isForeign) ? [`Deviation: ${range}`] : [])];
}
