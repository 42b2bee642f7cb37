import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, UserError } from '@resizer-lab/base';
import { describe, expect, it } from 'vitest';
import type { FolderConfig, LabelsConfig } from './config.ts';
import { folderWith, imageFolder, jpeg } from './fixtures.ts';
import { type OpenOptions, openDataset } from './manifest.ts';

const config: FolderConfig = { kind: 'folder', path: 'set', train: 'train', test: 'test' };
const open = async (root: string, more: Partial<FolderConfig> = {}, options: OpenOptions = {}) =>
  (await openDataset({ ...config, ...more }, { root, ...options })).manifest;
const refusal = async (promise: Promise<unknown>) => {
  const error = await promise.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
};

describe('an image folder', () => {
  it('becomes a sorted list with labels, hashes and shown sizes', async () => {
    const root = await imageFolder({ classes: ['b', 'a', 'Z'], train: 2, test: 1 });
    const manifest = await open(root);
    expect(manifest.classes).toEqual(['Z', 'a', 'b'].map((name, label) => ({ name, label })));
    expect(manifest.splits.train.map(({ path, label }) => `${path} ${label}`)).toEqual([
      'train/Z/0.jpg 0',
      'train/Z/1.jpg 0',
      'train/a/0.jpg 1',
      'train/a/1.jpg 1',
      'train/b/0.jpg 2',
      'train/b/1.jpg 2',
    ]);
    const bytes = await readFile(join(root, 'set/test/Z/0.jpg'));
    expect(manifest.splits.test[0]).toEqual({
      path: 'test/Z/0.jpg',
      label: 0,
      sha256: sha256(bytes),
      width: 24,
      height: 16,
    });
    expect(manifest.dropped).toEqual([]);
  });

  it('has a hash that follows the photos and labels, not the place', async () => {
    const root = await imageFolder();
    const { hash } = await open(root);
    await mkdir(join(root, 'other'));
    execFileSync('cp', ['-r', join(root, 'set'), join(root, 'other', 'moved')]);
    expect((await open(root, { path: 'other/moved' })).hash).toBe(hash);
    expect((await open(root, { classes: { cat: 281, dog: 207 } })).hash).not.toBe(hash);
    await writeFile(join(root, 'set/train/cat/0.jpg'), await jpeg(99));
    expect((await open(root)).hash).not.toBe(hash);
  });

  it('takes class indices from the config', async () => {
    const manifest = await open(await imageFolder(), { classes: { cat: 281, dog: 207, cow: 345 } });
    expect(manifest.classes).toEqual([
      { name: 'dog', label: 207 },
      { name: 'cat', label: 281 },
    ]);
    expect(manifest.splits.test.map(({ label }) => label)).toEqual([281, 281, 207, 207]);
    expect(await refusal(open(await imageFolder(), { classes: { cat: 1 } }))).toContain('dog has no index');
    expect(await refusal(open(await imageFolder({ classes: ['constructor'] }), { classes: {} }))).toContain(
      'constructor has no index',
    );
  });

  it('drops what is no photo, each with its reason', async () => {
    const good = await jpeg(50);
    const root = await imageFolder(
      {},
      {
        'set/train/cat/half.jpg': (await jpeg(51)).subarray(0, 400),
        'set/train/cat/nothing.jpg': '',
        'set/train/cat/text.jpg': 'this is a text',
        'set/train/dog/folder.jpg/inside.jpg': good,
        'set/train/stray.jpg': good,
        'set/test/dog/weird \n"name", ü 照片.JPEG': good,
        'set/.hidden/x.jpg': good,
        'set/train/.cache/x.jpg': good,
      },
    );
    await symlink('nowhere', join(root, 'set/train/cat/broken.jpg'));
    execFileSync('mkfifo', [join(root, 'set/train/cat/pipe.jpg')]);
    const { dropped, splits } = await open(root);
    expect(Object.fromEntries(dropped.map(({ path, reason }) => [path, reason]))).toEqual({
      'train/cat/broken.jpg': 'not a regular file',
      'train/cat/half.jpg': expect.stringMatching(/^truncated/) as string,
      'train/cat/nothing.jpg': 'empty',
      'train/cat/pipe.jpg': 'not a regular file',
      'train/cat/text.jpg': 'not an image',
      'train/dog/folder.jpg': 'a folder',
      'train/stray.jpg': 'not in a class folder',
    });
    expect(splits.test.map(({ path }) => path)).toContain('test/dog/weird \n"name", ü 照片.JPEG');
  });

  it('drops photos over the pixel limit', async () => {
    const root = await imageFolder({}, { 'set/train/cat/large.jpg': await jpeg(50, 40, 30) });
    expect((await open(root, {}, { maxPixels: 1000 })).dropped).toEqual([
      { path: 'train/cat/large.jpg', split: 'train', reason: '40x30 is over the limit of 1000 pixels' },
    ]);
  });

  it('takes a limited number of usable photos a class, the same for the same seed', async () => {
    const root = await imageFolder({ train: 6 }, { 'set/train/cat/bad.jpg': 'no photo' });
    const take = async (seed: number, train = 3) =>
      (await open(root, { limit: { train, seed } })).splits.train.map(({ path }) => path);
    const some = await take(1);
    expect(some).toHaveLength(6);
    expect(some).toEqual([...some].sort());
    expect(await take(1)).toEqual(some);
    expect(
      new Set((await Promise.all([1, 2, 3, 4].map((seed) => take(seed)))).map(String)).size,
    ).toBeGreaterThan(1);
    expect(await take(5, 6)).toEqual((await open(root)).splits.train.map(({ path }) => path));
  });

  it('refuses a photo that is in both splits, by both names', async () => {
    const root = await imageFolder();
    await copyFile(join(root, 'set/train/dog/1.jpg'), join(root, 'set/test/cat/copy.jpg'));
    expect(await refusal(open(root))).toMatch(
      /train\/dog\/1\.jpg and test\/cat\/copy\.jpg have the same content/,
    );
  });

  it('refuses splits of different classes, empty classes and missing folders', async () => {
    const root = await imageFolder({}, { 'set/train/fox/0.jpg': await jpeg(60) });
    expect(await refusal(open(root))).toContain('only train has fox');
    await mkdir(join(root, 'set/test/fox'));
    expect(await refusal(open(root))).toContain('no usable photo in test/fox');
    await writeFile(join(root, 'set/test/fox/a.jpg'), 'x');
    expect(await refusal(open(root))).toContain('test/fox/a.jpg: not an image');
    expect(await refusal(open(root, { test: 'val' }))).toMatch(/set\/val does not exist; .*RESIZER_DATA/);
    expect(await refusal(open(join(root, 'gone')))).toMatch(/gone does not exist; .*RESIZER_DATA/);
    const empty = await folderWith({ 'set/train/.keep': '', 'set/test/.keep': '' });
    expect(await refusal(open(empty))).toContain('no class folder');
  });

  it('may be for evaluation alone, then its class folders lie right in it', async () => {
    const root = await imageFolder({ classes: ['b', 'a'], train: 2, test: 1 });
    const { manifest } = await openDataset(
      { kind: 'folder', path: 'test', test: '.' },
      { root: join(root, 'set') },
    );
    expect(manifest.splits.train).toEqual([]);
    expect(manifest.splits.test.map(({ path, label }) => [path, label])).toEqual([
      ['a/0.jpg', 0],
      ['b/0.jpg', 1],
    ]);
  });

  it('stays inside the data root', async () => {
    const outside = await imageFolder();
    const root = await imageFolder();
    for (const path of ['../x', outside, 'set/../..', '/']) {
      expect(await refusal(open(root, { path }))).toContain('leaves the data root');
    }
    expect(await refusal(open(root, { train: '../../x' }))).toContain('leaves the data root');
    await symlink(join(outside, 'set'), join(root, 'linked'));
    expect(await refusal(open(root, { path: 'linked' }))).toMatch(/linked is a link out of the data root/);
    await symlink(join(outside, 'set/test/cat/0.jpg'), join(root, 'set/train/cat/9.jpg'));
    expect(await refusal(open(root))).toContain('set/train/cat/9.jpg is a link out of the data root');
  });

  it('follows links that stay inside, and a root that is a link', async () => {
    const root = await imageFolder({}, { 'pool/a.jpg': await jpeg(70) });
    await symlink('../../../pool/a.jpg', join(root, 'set/train/cat/9.jpg'));
    await symlink(root, `${root}-link`);
    expect((await open(`${root}-link`)).splits.train.map(({ path }) => path)).toContain('train/cat/9.jpg');
  });
});

describe('the cache', () => {
  it('spares unchanged photos and notices changed ones', async () => {
    const root = await imageFolder();
    const cache = join(root, 'cache');
    const first = await open(root, {}, { cache });
    const photo = join(root, 'set/train/cat/0.jpg');
    const bytes = await readFile(photo);
    // Same size and time, other content: only a cache that trusts them gives the old answer.
    await utimes(photo, 1, 1);
    const known = await open(root, {}, { cache });
    await writeFile(photo, Buffer.alloc(bytes.length));
    await utimes(photo, 1, 1);
    expect(await open(root, {}, { cache })).toEqual(known);
    await utimes(photo, 2, 2);
    const changed = await open(root, {}, { cache });
    expect(changed.dropped).toEqual([{ path: 'train/cat/0.jpg', split: 'train', reason: 'not an image' }]);
    expect(known).toEqual(first);
  });

  it('survives a damaged file and two openings at once', async () => {
    const root = await imageFolder();
    const cache = join(root, 'cache');
    const [first, second] = await Promise.all([open(root, {}, { cache }), open(root, {}, { cache })]);
    expect(second).toEqual(first);
    const files = await readdir(cache);
    expect(files).toHaveLength(1);
    for (const damage of ['', '{"format":1,"photos":[3]}', '{"format":99,"photos":[]}', 'null', '\0\0']) {
      await writeFile(join(cache, files[0]!), damage);
      expect(await open(root, {}, { cache })).toEqual(first);
    }
    await rm(cache, { recursive: true });
    await writeFile(cache, 'a file where the folder should be');
    expect(await refusal(open(root, {}, { cache }))).toContain('cannot be written');
  });
});

describe('a folder with a CSV file of labels', () => {
  const labels: LabelsConfig = { kind: 'labels', path: 'sample', file: 'labels.csv' };
  const openCsv = async (csv: string, photos: Record<string, Uint8Array> = {}) =>
    (await openDataset(labels, { root: await folderWith({ 'sample/labels.csv': csv, ...photos }) })).manifest;

  it('lists its photos in the order of the file', async () => {
    const manifest = await openCsv('\ufeffimage,index\r\nb.jpg,7\r\n"a, b.jpg",0\r\ngone.jpg,1\r\n', {
      'sample/b.jpg': await jpeg(1),
      'sample/a, b.jpg': await jpeg(2),
    });
    expect(manifest.splits.train).toEqual([]);
    expect(manifest.splits.test.map(({ path, label }) => [path, label])).toEqual([
      ['b.jpg', 7],
      ['a, b.jpg', 0],
    ]);
    expect(manifest.classes.map(({ label }) => label)).toEqual([0, 7]);
    expect(manifest.dropped.map(({ path }) => path)).toEqual(['gone.jpg']);
  });

  it.each([
    ['image,score\na.jpg,1\n', /labels\.csv:1: no column "index"; columns: "image", "score"/],
    ['image,index\na.jpg,1.5\n', /labels\.csv:2: index "1\.5" is not a whole number/],
    ['image,index\na.jpg,-1\n', /labels\.csv:2: index "-1"/],
    ['image,index\na.jpg,1\na.jpg,2\n', /labels\.csv:3: image a\.jpg is listed twice/],
    ['image,index\na.jpg\n', /labels\.csv: .*line 2/],
    ['image,index\n../../etc/passwd,1\n', /leaves the data root/],
    ['image,index\n', /no usable photo/],
    ['', /labels\.csv:1/],
  ])('refuses %j', async (csv, message) => {
    expect(await refusal(openCsv(csv, { 'sample/a.jpg': await jpeg(1) }))).toMatch(message);
  });
});
