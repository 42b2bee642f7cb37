import { existsSync } from 'node:fs';
import { copyFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import { describe, expect, it } from 'vitest';
import type { AvaConfig, ScoresConfig } from './config.ts';
import { folderWith, jpeg } from './fixtures.ts';
import { createLoader } from './loader.ts';
import { type Manifest, openDataset } from './manifest.ts';

const refusal = async (promise: Promise<unknown>) => {
  const error = await promise.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
};
const paths = (manifest: Manifest) => ({
  train: manifest.splits.train.map(({ path }) => path),
  test: manifest.splits.test.map(({ path }) => path),
});
const reasons = ({ dropped }: Manifest) =>
  Object.fromEntries(dropped.map(({ path, split, reason }) => [path, `${split}: ${reason}`]));

async function photosNamed(names: readonly string[], folder: string): Promise<Record<string, Uint8Array>> {
  const photos = names.map(async (name, i) => [`${folder}/${name}`, await jpeg(i + 1)] as const);
  return Object.fromEntries(await Promise.all(photos));
}

const config: ScoresConfig = {
  kind: 'scores',
  path: 'set',
  photos: 'images',
  tables: { train: 'train.csv', test: 'test.csv' },
  photo: 'image',
  score: { column: 'mos', scale: [0, 1] },
};

const folderOf = async (files: Record<string, string | Uint8Array> = {}) =>
  folderWith({
    ...(await photosNamed(['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'], 'set/images')),
    'set/train.csv': 'image,mos\na.jpg,0\nb.jpg,1\n',
    'set/test.csv': 'image,mos\nd.jpg,0.5\nc.jpg,0.25\n',
    ...files,
  });

const open = async (root: string, more: Partial<ScoresConfig> = {}) =>
  (await openDataset({ ...config, ...more }, { root })).manifest;

describe('photos with a mean score', () => {
  it('come in the order of the tables, their scores on the scale 1 to 10', async () => {
    const manifest = await open(await folderOf());
    expect(paths(manifest)).toEqual({
      train: ['images/a.jpg', 'images/b.jpg'],
      test: ['images/d.jpg', 'images/c.jpg'],
    });
    expect(manifest.splits.train.map(({ votes }) => votes)).toEqual([
      [1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    ]);
    // 0.5 is 5.5, 0.25 is 3.25.
    expect(manifest.splits.test.map(({ votes }) => votes)).toEqual([
      [0, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0],
      [0, 0, 0.75, 0.25, 0, 0, 0, 0, 0, 0],
    ]);
  });

  it('have a hash that follows the scores', async () => {
    const { hash } = await open(await folderOf());
    expect((await open(await folderOf())).hash).toBe(hash);
    const other = await folderOf({ 'set/test.csv': 'image,mos\nd.jpg,0.5\nc.jpg,0.26\n' });
    expect((await open(other)).hash).not.toBe(hash);
  });

  it('reach batches as shares of each score', async () => {
    const root = await folderOf({ 'set/test.csv': 'image,1,2,3\nd.jpg,1,0,3\n' });
    const votes = { votes: ['1', '2', '3'] };
    const dataset = await openDataset(
      { ...config, tables: { train: 'test.csv', test: 'other.csv' }, score: votes },
      { root: (await writeFile(join(root, 'set/other.csv'), 'image,1,2,3\na.jpg,0,2,0\n'), root) },
    );
    const loader = createLoader(dataset, {
      split: 'train',
      batch: 2,
      size: [4, 4],
      transform: { fit: 'pad' },
      seed: 1,
      shuffle: false,
    });
    const { value } = (await loader.epoch(0).next()) as { value: { scores: Float32Array } };
    await loader.close();
    expect([...value.scores]).toEqual([0.25, 0, 0, 0, 0, 0, 0, 0, 0, 0.75, ...new Array<number>(10).fill(0)]);
  });

  it('are dropped with a reason when missing, broken, or in the test split as well', async () => {
    const root = await folderOf({
      'set/train.csv': 'image,mos\na.jpg,0\ngone.jpg,1\nhalf.jpg,0.5\ntwin.jpg,0.5\n',
      'set/images/half.jpg': (await jpeg(9)).subarray(0, 300),
    });
    await copyFile(join(root, 'set/images/c.jpg'), join(root, 'set/images/twin.jpg'));
    const manifest = await open(root);
    expect(paths(manifest).train).toEqual(['images/a.jpg']);
    expect(reasons(manifest)).toEqual({
      'images/gone.jpg': 'train: not a regular file, or missing',
      'images/half.jpg': expect.stringMatching(/^train: truncated/) as string,
      'images/twin.jpg': 'train: the same photo as images/c.jpg of the test split',
    });
  });

  it('can be limited, and parted by a seeded draw that does not follow the lines', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `${i}.jpg`);
    const lines = names.map((name, i) => `${name},${i / 20}`);
    const root = await folderWith({
      ...(await photosNamed(names, 'set')),
      'set/all.csv': `image,mos\n${lines.join('\n')}\n`,
      'set/reversed.csv': `image,mos\n${[...lines].reverse().join('\n')}\n`,
    });
    const draw = async (file: string, seed: number, limit?: ScoresConfig['limit']) =>
      paths(
        await open(root, {
          photos: '.',
          tables: { file, testShare: 0.25, seed },
          ...(limit ? { limit } : {}),
        }),
      );
    const first = await draw('all.csv', 1);
    expect(first.test).toHaveLength(5);
    expect([...first.train, ...first.test].sort()).toEqual([...names].sort());
    expect((await draw('reversed.csv', 1)).test.sort()).toEqual([...first.test].sort());
    expect((await draw('all.csv', 2)).test).not.toEqual(first.test);
    const some = await draw('all.csv', 1, { train: 4 });
    expect(some.train).toHaveLength(4);
    expect(first.train).toEqual(expect.arrayContaining(some.train));
    expect(
      await refusal(
        draw('all.csv', 1).then(() => open(root, { tables: { file: 'all.csv', testShare: 0.01 } })),
      ),
    ).toContain('a test share of 0.01 makes 0 of 20 photos the test split');
  });

  it.each<[string, RegExp, Partial<ScoresConfig>?]>([
    ['image,score\na.jpg,1\n', /train\.csv:1: no column "mos"; columns: "image", "score"/],
    ['image,mos,mos\na.jpg,1,1\n', /train\.csv:1: more than one column "mos"/],
    ['image,mos\na.jpg,1\nb.jpg,much\n', /train\.csv:3: "much" is no number/],
    ['image,mos\na.jpg,NaN\n', /train\.csv:2: "NaN" is no number/],
    ['image,mos\na.jpg,1e999\n', /train\.csv:2: "1e999" is no number/],
    ['image,mos\na.jpg,1.01\n', /train\.csv:2: score 1\.01 lies off the scale from 0 to 1/],
    [
      'image,mos\na.jpg,1\nb.jpg,0\na.jpg,1\n',
      /train\.csv:4: images\/a\.jpg is listed twice, first in .*train\.csv:2/,
    ],
    ['image,mos\na.jpg,1\nd.jpg,1\n', /test\.csv:2: images\/d\.jpg is listed twice, first in .*train\.csv:3/],
    ['image,mos\n../../etc/passwd,1\n', /train\.csv:2: photo "\.\.\/\.\.\/etc\/passwd" leaves the folder/],
    ['image,mos\n/etc/passwd,1\n', /train\.csv:2: photo "\/etc\/passwd" leaves the folder/],
    ['image,mos\n,1\n', /train\.csv:2: photo "" leaves/],
    ['image,mos\na\0.jpg,1\n', /train\.csv:2: /],
    ['image,mos\na.jpg\n', /train\.csv: .*line 2/],
    [`image,mos\n"${'x'.repeat(100_000)}`, /train\.csv: /],
    ['image,mos\n', /no usable photo in the train split/],
    ['', /train\.csv:1: no column "image"; columns: none/],
    ['image,a,b\na.jpg,1,-1\n', /train\.csv:2: -1 is no number of votes/, { score: { votes: ['a', 'b'] } }],
    ['image,a,b\na.jpg,0,0\n', /train\.csv:2: nobody has voted/, { score: { votes: ['a', 'b'] } }],
    ['image,a\na.jpg,0\n', /1 columns of votes; there can be 2 to 10/, { score: { votes: ['a'] } }],
    ['image,mos\na.jpg,0\n', /scale \[1, 1\] does not rise/, { score: { column: 'mos', scale: [1, 1] } }],
  ])('refuse %j', async (csv, message, more = {}) => {
    expect(await refusal(open(await folderOf({ 'set/train.csv': csv }), more))).toMatch(message);
  });

  it('refuse a link out of the data root, by the line', async () => {
    const root = await folderOf({ 'set/train.csv': 'image,mos\na.jpg,1\nout.jpg,1\n' });
    await symlink('/etc/passwd', join(root, 'set/images/out.jpg'));
    expect(await refusal(open(root))).toMatch(/train\.csv:3: .*out\.jpg is a link out of the data root/);
  });
});

describe('AVA', () => {
  const ava: AvaConfig = { kind: 'ava', path: 'ava' };
  const lines = [
    '1 11 0 1 0 0 3 0 0 0 0 0 1 2 9',
    '2 12 9 0 0 0 0 0 0 0 0 1 0 0 9',
    '3 13 1 1 1 1 1 1 1 1 1 1 0 0 9',
  ];
  const avaFolder = async (files: Record<string, string | Uint8Array> = {}) =>
    folderWith({
      ...(await photosNamed(['11.jpg', '12.jpg', '99.jpg'], 'ava/images')),
      'ava/AVA.txt': `${lines.join('\n')}\n`,
      'ava/aesthetics_image_lists/generic_test.jpgl': '12\n77\n',
      ...files,
    });
  const openAva = async (root: string, more: Partial<AvaConfig> = {}) =>
    (await openDataset({ ...ava, ...more }, { root })).manifest;

  it('is parted by its official list, and tells what is missing', async () => {
    const manifest = await openAva(await avaFolder());
    expect(paths(manifest)).toEqual({ train: ['images/11.jpg'], test: ['images/12.jpg'] });
    expect(manifest.splits.test[0]!.votes).toEqual([9, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(reasons(manifest)).toEqual({
      'images/13.jpg': 'train: not a regular file, or missing',
      'images/77.jpg': 'test: no votes in AVA.txt',
    });
  });

  it('can be parted by a draw', async () => {
    const root = await avaFolder({ 'ava/images/13.jpg': await jpeg(13) });
    const { train, test } = paths(await openAva(root, { test: { testShare: 0.34, seed: 2 } }));
    expect(test).toHaveLength(1);
    expect([...train, ...test].sort()).toEqual(['images/11.jpg', 'images/12.jpg', 'images/13.jpg']);
  });

  it.each([
    [{ 'ava/AVA.txt': `${lines[0]}\n2 12 9 0\n` }, /AVA\.txt:2: not a line of AVA/],
    [
      { 'ava/AVA.txt': `${lines[0]}\n\n${lines[1]!.replace(' 9 ', ' -9 ')}\n` },
      /AVA\.txt:3: not a line of AVA/,
    ],
    [
      { 'ava/AVA.txt': `${lines[0]}\n${lines[0]}\n` },
      /AVA\.txt:2: images\/11\.jpg is listed twice, first in .*AVA\.txt:1/,
    ],
    [{ 'ava/AVA.txt': '1 ../11 0 1 0 0 3 0 0 0 0 0 1 2 9' }, /AVA\.txt:1: not a line of AVA/],
    [{ 'ava/AVA.txt': '1 11 0 0 0 0 0 0 0 0 0 0 1 2 9' }, /AVA\.txt:1: nobody has voted on 11/],
    [
      { 'ava/aesthetics_image_lists/generic_test.jpgl': '12\n12\n' },
      /generic_test\.jpgl:2: images\/12\.jpg is listed twice/,
    ],
    [
      { 'ava/aesthetics_image_lists/generic_test.jpgl': '12\n1.5\n' },
      /generic_test\.jpgl:2: "1\.5" is no photo id/,
    ],
    [{ 'ava/aesthetics_image_lists/generic_test.jpgl': '' }, /no usable photo in the test split/],
  ])('refuses %j', async (files, message) => {
    expect(await refusal(openAva(await avaFolder(files)))).toMatch(message);
  });
});

const data = process.env.RESIZER_DATA ?? 'RESIZER_DATA-is-not-set';

describe('real scores', () => {
  it.skipIf(!existsSync(join(data, 'ava')))('of AVA, as it is handed out (needs RESIZER_DATA)', async () => {
    const { splits } = (await openDataset({ kind: 'ava', path: 'ava' }, { root: data })).manifest;
    // The official list has 42039 among its test photos, and not 42040.
    expect(splits.test.find(({ path }) => path === 'images/42039.jpg')!.votes).toEqual([
      0, 5, 10, 28, 54, 31, 12, 3, 3, 2,
    ]);
    expect(splits.train.map(({ path }) => path)).toContain('images/42040.jpg');
  });

  it.skipIf(!existsSync(join(data, 'biq2021')))('of BIQ2021 (needs RESIZER_DATA)', async () => {
    const biq: ScoresConfig = { ...config, path: 'biq2021' };
    const { splits, dropped } = (await openDataset(biq, { root: data })).manifest;
    expect([splits.train.length, splits.test.length, dropped.length]).toEqual([2000, 500, 0]);
    const first = splits.test[0]!;
    const mean = first.votes!.reduce((sum, vote, score) => sum + vote * (score + 1), 0);
    expect(first.path).toBe('images/ss01-1004.jpg');
    expect(mean).toBeCloseTo(1 + 9 * 0.4869, 10);
  });
});
