import {
  type Dataset,
  type Entry,
  type Manifest,
  SCORES,
  type ScoresConfig,
  type SplitName,
  type Votes,
} from '@resizer-lab/datasets';
import { histogramMoments } from '@resizer-lab/metrics';

/** Reasons for dropping photos that are listed. */
const LISTED = 10;

const splitText: Readonly<Record<SplitName, string>> = { train: 'training', test: 'test' };

/** What a config looks at: photos a split, their classes or scores, what was dropped and why. */
export function datasetText(file: string, { manifest }: Dataset): string {
  const { splits, dropped, hash } = manifest;
  const scored = scoresText(manifest);
  return [
    `${file}: ${splits.train.length} training and ${splits.test.length} test photos, ${scored ? scored.kind : `${manifest.classes.length} classes`}, ` +
      `${dropped.length} dropped; manifest ${hash.slice(0, 16)}`,
    ...(scored?.lines ?? []),
    ...droppedLines(dropped),
  ].join('\n');
}

/** Why photos were dropped, a line a reason. */
function droppedLines(dropped: Manifest['dropped']): string[] {
  const groups = new Map<string, string[]>();
  for (const { path, reason } of dropped) {
    const group = groups.get(reason);
    if (group) group.push(path);
    else groups.set(reason, [path]);
  }
  const shown = [...groups].slice(0, LISTED);
  const left = dropped.length - shown.reduce((sum, [, paths]) => sum + paths.length, 0);
  return [
    ...shown.map(([reason, [first, ...others]]) => {
      return `  dropped ${first}${others.length > 0 ? ` and ${others.length} more` : ''}: ${reason}`;
    }),
    ...(left > 0 ? [`  … and ${left} more for other reasons (--json lists all)`] : []),
  ];
}

/** How the photos are scored; undefined for photos with classes. */
function scoresText({ dataset, splits }: Manifest): { kind: string; lines: string[] } | undefined {
  const all = (['train', 'test'] as const).map((split) => ({ split, votes: votesOf(splits[split]) }));
  if (all.every(({ votes }) => votes.length === 0)) return undefined;
  const isVoted = dataset.kind === 'ava' || (dataset.kind === 'scores' && 'votes' in dataset.score);
  const scale = dataset.kind === 'scores' ? scaleText(dataset.score) : undefined;
  return {
    kind: isVoted ? `votes from 1 to ${SCORES}` : 'mean scores (no votes)',
    lines: [
      ...all.flatMap(({ split, votes }) => (votes.length > 0 ? splitLines(split, votes, isVoted) : [])),
      ...(scale === undefined ? [] : [`  ${scale}`]),
    ],
  };
}

const votesOf = (entries: readonly Entry[]): Votes[] =>
  entries.flatMap(({ votes }) => (votes ? [votes] : []));

/** Mean scores of a split: where they lie, how they spread, and how many photos are next to each score. */
function splitLines(split: SplitName, votes: readonly Votes[], isVoted: boolean): string[] {
  const means = votes.map((each) => histogramMoments(each).mean);
  const photos = new Array<number>(SCORES).fill(0);
  for (const mean of means) photos[Math.round(mean) - 1]! += 1;
  const { mean, deviation } = momentsOf(means);
  const spread = `mean ${mean.toFixed(2)}, standard deviation ${deviation.toFixed(2)}, ${rangeText(means, 2)}`;
  const cast = votes.map((each) => each.reduce((sum, count) => sum + count, 0));
  return [
    `  ${splitText[split]} scores: ${spread}${isVoted ? `; ${rangeText(cast, 0)} votes a photo` : ''}`,
    `    photos by nearest score: ${photos.map((n, i) => `${i + 1}: ${n}`).join('  ')}`,
  ];
}

function momentsOf(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

/** A split may have more photos than a function takes arguments. */
function rangeText(values: readonly number[], digits: number): string {
  const [low, high] = values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  return low === high ? low.toFixed(digits) : `${low.toFixed(digits)} to ${high.toFixed(digits)}`;
}

/** How the scores of a table became scores from 1 to 10. */
function scaleText(score: ScoresConfig['score']): string {
  if ('votes' in score) {
    const { length } = score.votes;
    return `${length} columns of votes${length === SCORES ? '' : `, spread over 1 to ${SCORES}`}`;
  }
  const [low, high] = score.scale;
  return `column ${score.column} from ${low} to ${high} became 1 to ${SCORES}`;
}
