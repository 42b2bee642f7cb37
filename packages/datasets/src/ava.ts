import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import type { AvaConfig, SplitName } from './config.ts';
import { resolveInside } from './paths.ts';
import { type Dropped, entriesOf, type Scan } from './scan.ts';
import { drawSplit, groupsOf, Listed, type Scored } from './scores-scan.ts';
import { SCORES } from './scores.ts';
import { readText } from './table.ts';

const VOTES = 'AVA.txt';
const OFFICIAL_TEST = 'aesthetics_image_lists/generic_test.jpgl';

/**
 * Lists AVA: the photos of `AVA.txt` in the order of its lines (row number, id, votes for the scores
 * 1 … 10, two tags, challenge). Photos without a file, and test ids without votes, are dropped.
 * @throws UserError naming file and line for a line that is none of AVA's, or an id listed twice.
 */
export async function scanAva({ path, test = OFFICIAL_TEST, limit }: AvaConfig, root: string): Promise<Scan> {
  const photos = parseVotes(await linesOf(root, join(path, VOTES)));
  const dropped: Dropped[] = [];
  const splits =
    typeof test === 'string'
      ? splitBy(photos, parseIds(await linesOf(root, join(path, test))), dropped)
      : drawSplit(photos, test);
  const files = await entriesOf(root, join(path, 'images'));
  const present = new Set(files.filter(({ kind }) => kind === 'file').map(({ name }) => `images/${name}`));
  const found = (split: SplitName): Scored[] =>
    splits[split].flatMap(({ photo }) => {
      if (present.has(photo.path)) return [photo];
      dropped.push({ path: photo.path, split, reason: 'not a regular file, or missing' });
      return [];
    });
  return { classes: [], groups: groupsOf({ train: found('train'), test: found('test') }, limit), dropped };
}

interface Line {
  readonly text: string;
  /** file:line */
  readonly place: string;
}

async function linesOf(root: string, path: string): Promise<Line[]> {
  const file = await resolveInside(root, path);
  const lines = (await readText(file))
    .split('\n')
    .map((text, i) => ({ text: text.trim(), place: `${file}:${i + 1}` }));
  return lines.filter(({ text }) => text !== '');
}

const pathOf = (id: string) => `images/${id}.jpg`;

function parseVotes(lines: readonly Line[]): { photo: Scored }[] {
  const listed = new Listed();
  return lines.map(({ text, place }) => {
    const fields = text.split(/\s+/, SCORES + 3);
    const numbers = fields.slice(1, SCORES + 2);
    if (numbers.length <= SCORES || !numbers.every((field) => /^\d{1,9}$/.test(field))) {
      throw new UserError(`${place}: not a line of AVA: row number, photo id and ten vote counts are needed`);
    }
    const [id, ...votes] = numbers as [string, ...string[]];
    const counts = votes.map(Number);
    if (counts.every((count) => count === 0)) throw new UserError(`${place}: nobody has voted on ${id}`);
    listed.add(pathOf(id), place);
    return { photo: { path: pathOf(id), label: 0, votes: counts } };
  });
}

function parseIds(lines: readonly Line[]): Set<string> {
  const listed = new Listed();
  return new Set(
    lines.map(({ text, place }) => {
      if (!/^\d{1,9}$/.test(text))
        throw new UserError(`${place}: ${JSON.stringify(text.slice(0, 40))} is no photo id`);
      listed.add(pathOf(text), place);
      return pathOf(text);
    }),
  );
}

function splitBy(photos: readonly { photo: Scored }[], test: ReadonlySet<string>, dropped: Dropped[]) {
  const known = new Set(photos.map(({ photo }) => photo.path));
  for (const path of test) {
    if (!known.has(path)) dropped.push({ path, split: 'test', reason: `no votes in ${VOTES}` });
  }
  return {
    train: photos.filter(({ photo }) => !test.has(photo.path)),
    test: photos.filter(({ photo }) => test.has(photo.path)),
  };
}
