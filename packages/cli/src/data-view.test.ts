import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDataset, type ScoresConfig } from '@resizer-lab/datasets';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { datasetText } from './data-view.ts';
import { ownFolder } from './testing/resizer.fixture.ts';

const root = ownFolder();
const names = ['a.png', 'b.png', 'c.png', 'd.png', 'e.png'];

beforeAll(async () => {
  mkdirSync(join(root, 'set'));
  for (const [i, name] of names.entries()) {
    const background = { r: 40 * i, g: 100, b: 200 };
    await sharp({ create: { width: 40, height: 30, channels: 3, background } }).toFile(
      join(root, 'set', name),
    );
  }
  writeFileSync(
    join(root, 'set/train.csv'),
    'image,mos\na.png,0.25\nb.png,1\nmissing.png,0.5\ngone.png,0.5\nc.png,0.25\n',
  );
  writeFileSync(join(root, 'set/test.csv'), 'image,mos\nd.png,0.5\n');
  writeFileSync(
    join(root, 'set/votes.csv'),
    `image,poor,fair,good\n${names.map((name, i) => `${name},${i},${2 * i},1`).join('\n')}\n`,
  );
});

const config = { kind: 'scores', path: 'set', photo: 'image' } as const;
const textOf = async (given: Pick<ScoresConfig, 'tables' | 'score'>) => {
  const text = datasetText('quality.yaml', await openDataset({ ...config, ...given }, { root }));
  return text.replace(/[0-9a-f]{16}/, 'HASH').split('\n');
};

describe('what a config with scored photos looks at', () => {
  it('is told with mean scores, how they spread, and the photos left out', async () => {
    const tables = { train: 'train.csv', test: 'test.csv' };
    // Scores 3.25, 10, 3.25: mean 5.5, standard deviation of the population 3.18 (NumPy).
    expect(await textOf({ tables, score: { column: 'mos', scale: [0, 1] } })).toEqual([
      'quality.yaml: 3 training and 1 test photos, mean scores (no votes), 2 dropped; manifest HASH',
      '  training scores: mean 5.50, standard deviation 3.18, 3.25 to 10.00',
      '    photos by nearest score: 1: 0  2: 0  3: 2  4: 0  5: 0  6: 0  7: 0  8: 0  9: 0  10: 1',
      '  test scores: mean 5.50, standard deviation 0.00, 5.50',
      '    photos by nearest score: 1: 0  2: 0  3: 0  4: 0  5: 0  6: 1  7: 0  8: 0  9: 0  10: 0',
      '  column mos from 0 to 1 became 1 to 10',
      '  dropped gone.png and 1 more: not a regular file, or missing',
    ]);
  });

  it('is told with the votes a photo where people voted', async () => {
    const tables = { file: 'votes.csv', testShare: 0.4, seed: 1 };
    const lines = await textOf({ tables, score: { votes: ['poor', 'fair', 'good'] } });
    expect(lines[0]).toBe(
      'quality.yaml: 3 training and 2 test photos, votes from 1 to 10, 0 dropped; manifest HASH',
    );
    const votes = lines.flatMap(
      (line) => /; (\d+) to (\d+) votes a photo$/.exec(line)?.slice(1).map(Number) ?? [],
    );
    // 1, 4, 7, 10 and 13 votes, parted between the splits.
    expect([Math.min(...votes), Math.max(...votes)]).toEqual([1, 13]);
    expect(lines.at(-1)).toBe('  3 columns of votes, spread over 1 to 10');
  });
});
