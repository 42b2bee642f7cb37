import { isAbsolute, join, normalize } from 'node:path';
import { messageOf, stream, UserError } from '@resizer-lab/base';
import type { DrawnSplit, ScoresConfig, SplitLimit, SplitName } from './config.ts';
import { printable, resolveInside } from './paths.ts';
import { type Candidate, type Dropped, isFileInside, sampled, type Scan } from './scan.ts';
import { SCORES, type Votes, votesOfBins, votesOfMean } from './scores.ts';
import { readTable } from './table.ts';

/** A photo with votes, wherever it stands. */
export type Scored = Candidate & { readonly votes: Votes };

/**
 * Reads the tables of a set of scored photos, in the order of their lines.
 * @throws UserError naming file and line for a score that is no number or off its scale, a photo that
 *   is listed twice or lies outside its folder.
 */
export async function scanScores(config: ScoresConfig, root: string): Promise<Scan> {
  checkScores(config);
  const { tables, path } = config;
  const listed = new Listed();
  const read = async (file: string) => {
    const table = await resolveInside(root, join(path, file));
    return readScores(table, config, listed);
  };
  const splits =
    'file' in tables
      ? drawSplit(await read(tables.file), tables)
      : { train: await read(tables.train), test: await read(tables.test) };
  const dropped: Dropped[] = [];
  const present = async (split: SplitName) => {
    const photos: Scored[] = [];
    for (const { photo, place } of splits[split]) {
      const found = await at(place, () => isFileInside(root, join(path, photo.path)));
      if (found) photos.push(photo);
      else dropped.push({ path: photo.path, split, reason: 'not a regular file, or missing' });
    }
    return photos;
  };
  const groups = groupsOf({ train: await present('train'), test: await present('test') }, config.limit);
  return { classes: [], groups, dropped };
}

/** Both splits as groups to take photos from. */
export function groupsOf(
  splits: Readonly<Record<SplitName, readonly Scored[]>>,
  limit: SplitLimit | undefined,
): Scan['groups'] {
  return (['train', 'test'] as const).map((split) => ({
    name: `the ${split} split`,
    split,
    photos: sampled(splits[split], limit, [split, '']),
    limit: limit?.[split],
  }));
}

/** Parts photos at random, whatever their order. @throws UserError for a share that leaves a split empty. */
export function drawSplit<T extends { readonly photo: Scored }>(
  items: readonly T[],
  { testShare, seed = 0 }: DrawnSplit,
): Record<SplitName, T[]> {
  const sorted = items.map(({ photo }) => photo.path).sort();
  const tests = Math.round(testShare * sorted.length);
  if (!(tests > 0 && tests < sorted.length)) {
    throw new UserError(
      `data: a test share of ${testShare} makes ${tests} of ${sorted.length} photos the test split; choose another`,
      { exitCode: 2 },
    );
  }
  const order = stream(seed, 'split').permutation(sorted.length).subarray(0, tests);
  const test = new Set(Array.from(order, (i) => sorted[i]!));
  const isTest = ({ photo }: T) => test.has(photo.path);
  return { train: items.filter((item) => !isTest(item)), test: items.filter(isTest) };
}

/** The places at which photos were listed; none may be listed twice. */
export class Listed {
  private readonly places = new Map<string, string>();

  add(photo: string, place: string): void {
    const before = this.places.get(photo);
    if (before) throw new UserError(`${place}: ${printable(photo)} is listed twice, first in ${before}`);
    this.places.set(photo, place);
  }
}

interface Line {
  readonly photo: Scored;
  /** file:line */
  readonly place: string;
}

async function readScores(table: string, config: ScoresConfig, listed: Listed): Promise<Line[]> {
  const { photo: column, score, photos = '.' } = config;
  const columns = 'votes' in score ? score.votes : [score.column];
  const rows = await readTable(table, [column, ...columns]);
  return rows.map(({ line, values: [name, ...numbers] }) => {
    const place = `${table}:${line}`;
    const path = photoPath(name!, photos, place);
    listed.add(path, place);
    return { photo: { path, label: 0, votes: votesOf(numbers, score, place) }, place };
  });
}

function photoPath(name: string, folder: string, place: string): string {
  const inside = normalize(name);
  if (name === '' || isAbsolute(name) || inside === '..' || inside.startsWith('../')) {
    throw new UserError(`${place}: photo ${JSON.stringify(name)} leaves the folder of the photos`);
  }
  return join(folder, inside);
}

function votesOf(texts: readonly string[], score: ScoresConfig['score'], place: string): Votes {
  const numbers = texts.map((text) => numberOf(text, place));
  if (!('votes' in score)) {
    const [value, [low, high]] = [numbers[0]!, score.scale];
    if (value >= low && value <= high) return votesOfMean(1 + (SCORES - 1) * ((value - low) / (high - low)));
    throw new UserError(`${place}: score ${texts[0]} lies off the scale from ${low} to ${high}`);
  }
  const bad = numbers.findIndex((count) => count < 0 || count > 1e9);
  if (bad >= 0) throw new UserError(`${place}: ${texts[bad]} is no number of votes`);
  if (numbers.every((count) => count === 0)) throw new UserError(`${place}: nobody has voted`);
  return votesOfBins(numbers);
}

function numberOf(text: string, place: string): number {
  const number = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(number)) throw new UserError(`${place}: ${JSON.stringify(text)} is no number`);
  return number;
}

/** Work on a line of a table: its errors name the line. */
async function at<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${place}: ${messageOf(error)}`, { cause: error });
  }
}

function checkScores({ score, path }: ScoresConfig): void {
  const refuse = (message: string) => {
    throw new UserError(`data set ${path}: ${message}`, { exitCode: 2 });
  };
  if ('votes' in score) {
    const n = score.votes.length;
    if (n < 2 || n > SCORES) refuse(`${n} columns of votes; there can be 2 to ${SCORES}`);
  } else if (!(score.scale[0] < score.scale[1]))
    refuse(`the scale [${score.scale.join(', ')}] does not rise`);
}
