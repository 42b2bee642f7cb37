import { spawn, spawnSync } from 'node:child_process';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@resizer-lab/base';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Batch } from './batch.ts';
import { folderWith, jpeg, newFolder } from './fixtures.ts';
import { createLoader, type Loader, type LoaderOptions } from './loader.ts';
import { type Dataset, openDataset } from './manifest.ts';
import { claimRoom, type PhotoCache, photoCache, preparedPlan } from './photo-cache.ts';
import { PreparedPhotos } from './prepared.ts';
import type { Transform } from './transform.ts';

const PHOTOS = 9;
const options = {
  split: 'train',
  batch: 4,
  size: [12, 10],
  transform: { fit: 'stretch', flip: true },
  seed: 1,
  shuffle: true,
} as const satisfies LoaderOptions;
/** Bytes that the photos take once they are stretched to this size. */
const STRETCHED = PHOTOS * (8 + 12 * 10 * 3);

let root = '';
let dataset: Dataset;
let cache: PhotoCache;
beforeAll(async () => {
  const files: Record<string, Buffer> = {};
  for (let i = 0; i < PHOTOS + 2; i++)
    files[`set/${i < PHOTOS ? 'train' : 'test'}/cat/${i}.jpg`] = await jpeg(i, 20 + 3 * i, 40 - 2 * i);
  root = await folderWith(files);
  dataset = await openDataset({ kind: 'folder', path: 'set', train: 'train', test: 'test' }, { root });
});
beforeEach(async () => {
  cache = { folder: join(await newFolder(), 'photos'), limit: 1e6 };
});

const loaders: Loader[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await Promise.all(loaders.splice(0).map((loader) => loader.close()));
});

function load(more: Partial<LoaderOptions> = {}, from: Dataset = dataset): Loader {
  const loader = createLoader(from, { ...options, ...more });
  loaders.push(loader);
  return loader;
}

const digest = ({ images, labels, mask, indices }: Batch) =>
  [sha256(images), String(labels), String(mask), String(indices)].join(' ');

async function digests(loader: Loader, epoch = 0): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of loader.epoch(epoch)) all.push(digest(batch));
  return all;
}

/** A module of this package, as a script imports it. */
const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);

/** The data set without its photos: whatever is not in the cache fails. */
const gone = (): Dataset => ({ ...dataset, folder: '/nowhere' });

const theFile = async () => {
  const names = await readdir(cache.folder);
  expect(names).toHaveLength(1);
  return join(cache.folder, names[0]!);
};

describe('batches', () => {
  const random: Transform = {
    fit: 'random-resized-crop',
    scale: [0.3, 1],
    ratio: [3 / 4, 4 / 3],
    flip: true,
  };
  it.each<Transform>([
    { fit: 'stretch' },
    { fit: 'stretch', flip: true },
    { fit: 'pad', flip: true },
    { fit: 'center-crop', shortSide: 14, interpolation: 'bicubic' },
    random,
  ])(
    'are the same without a cache, with an empty one, a filled one, and one without the photos: %o',
    async (transform) => {
      const both = async (loader: Loader) => [...(await digests(loader, 0)), ...(await digests(loader, 1))];
      const expected = await both(load({ transform }));
      expect(await both(load({ transform, cache, workers: 2 }))).toEqual(expected);
      expect(await both(load({ transform, cache }, gone()))).toEqual(expected);
    },
  );

  it('share what was prepared whatever is drawn, and nothing where the preparation differs', async () => {
    await digests(load({ cache }));
    const alike = { cache, seed: 9, batch: 3, shuffle: false, transform: { fit: 'stretch' } } as const;
    await digests(load(alike, gone()));
    expect(await readdir(cache.folder)).toHaveLength(1);
    await digests(load({ cache, size: [10, 12] }));
    await digests(load({ cache, split: 'test' }));
    await digests(load({ cache, transform: { fit: 'center-crop', shortSide: 12 } }));
    await digests(load({ cache, transform: random }));
    expect(await readdir(cache.folder)).toHaveLength(5);
    await digests(load({ cache, transform: { ...random, scale: [0.5, 1] }, size: [5, 5] }, gone()));
  });

  it('do not depend on damage to the file, which is mended', async () => {
    const expected = await digests(load());
    await digests(load({ cache }));
    const file = await theFile();
    const whole = await readFile(file);
    const loader = load({ cache });
    const place = fc.nat(whole.length - 1);
    await fc.assert(
      fc.asyncProperty(place, place, fc.nat(255), async (from, to, value) => {
        await writeFile(file, Buffer.from(whole).fill(value, Math.min(from, to), Math.max(from, to)));
        expect(await digests(loader)).toEqual(expected);
        expect(await readFile(file)).toEqual(whole);
      }),
      { numRuns: 8 },
    );
    await writeFile(file, whole.subarray(0, whole.length / 2));
    expect(await digests(loader)).toEqual(expected);
    expect(await readFile(file)).toEqual(whole);
  });

  it('are the same for processes that fill one cache at once, one of which is killed', async () => {
    const expected = await digests(load());
    const script = `
      import { createLoader, openDataset } from ${module('./index.ts')};
      const dataset = await openDataset(${JSON.stringify(dataset.manifest.dataset)}, { root: ${JSON.stringify(root)} });
      for (let round = 0; round < 20; round++) {
        const loader = createLoader(dataset, { ...${JSON.stringify({ ...options, batch: 1 })}, cache: ${JSON.stringify(cache)} });
        for await (const _ of loader.epoch(round)) console.log(round);
        await loader.close();
      }`;
    const start = () =>
      spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
        cwd: import.meta.dirname,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    const [killed, other] = [start(), start()];
    const ended = [killed, other].map((child) => new Promise((resolve) => child.once('close', resolve)));
    other.stdout.resume();
    await new Promise((resolve) => killed.stdout.once('data', resolve));
    killed.kill('SIGKILL');
    const mine = load({ cache, workers: 2 });
    expect(await digests(mine)).toEqual(expected);
    other.kill('SIGKILL');
    await Promise.all(ended);
    expect(await digests(load({ cache }))).toEqual(expected);
    expect(await digests(load({ cache }, gone()))).toEqual(expected);
  });
});

describe('the limit', () => {
  it('leaves out photos that do not fit, and no more than those', async () => {
    const expected = await digests(load());
    const small = { ...cache, limit: STRETCHED / 2 };
    expect(await digests(load({ cache: small }))).toEqual(expected);
    expect((await stat(await theFile())).size).toBe(Math.floor(STRETCHED / 2));
    expect(await digests(load({ cache: small }))).toEqual(expected);
    await expect(digests(load({ cache: small }, gone()))).rejects.toThrow('cannot be read (ENOENT)');
    const first = load({ cache: small, batch: 4, shuffle: false }, gone()).epoch(0);
    expect((await first.next()).done).toBe(false);
  });

  it('removes what was used longest ago, nothing that is in use, and nothing of others', async () => {
    const sizes = [12, 13, 14, 15] as const;
    const sized = (side: number) => load({ cache: { ...cache, limit }, size: [side, 10] });
    const bytes = (side: number) => PHOTOS * (8 + side * 10 * 3);
    const limit = bytes(12) + bytes(13) + bytes(14);
    const files: string[] = [];
    for (const side of sizes.slice(0, 3)) {
      await digests(sized(side));
      files.push(...(await readdir(cache.folder)).filter((name) => !files.includes(name)));
    }
    await writeFile(join(cache.folder, 'notes.txt'), 'mine');
    // Used 30, 60 and 0 minutes ago.
    await Promise.all(
      [30, 60, 0].map((minutes, i) => {
        const used = new Date(Date.now() - minutes * 60_000);
        return utimes(join(cache.folder, files[i]!), used, used);
      }),
    );
    await digests(sized(15));
    const left = await readdir(cache.folder);
    expect(left).not.toContain(files[1]);
    expect(left).toEqual(expect.arrayContaining([files[2], 'notes.txt']));
    const kept = await Promise.all(
      left
        .filter((name) => name !== 'notes.txt')
        .map(async (name) => (await stat(join(cache.folder, name))).size),
    );
    expect(kept.reduce((a, b) => a + b)).toBeLessThanOrEqual(limit);
    expect(Math.max(...kept)).toBe(bytes(15));
  });

  it('holds for any number of claims made at once', async () => {
    const wanted = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(wanted, fc.nat(1500), async (sides, limit) => {
        const folder = join(await newFolder(), 'photos');
        const fail = (reason: string) => expect.fail(reason);
        await Promise.all(
          sides.map((bytes, i) => {
            const slots = new Float64Array(new SharedArrayBuffer(16));
            slots[1] = bytes;
            const file = join(folder, `${i}`.padStart(32, '0') + '.photos');
            return claimRoom({ folder, limit }, { file, slots }, fail);
          }),
        );
        const names = await readdir(folder);
        const claimed = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
        const sum = claimed.reduce((a, b) => a + b, 0);
        expect(sum).toBeLessThanOrEqual(limit);
        const all = sides.reduce((a, b) => a + b);
        if (all <= limit) expect(sum).toBe(all);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a file in use', () => {
  it('is touched once a minute, and taken up anew when it was removed', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const plan = preparedPlan(cache, dataset.manifest, options);
    const fail = (reason: string) => expect.fail(reason);
    await claimRoom(cache, plan, fail);
    const photos = new PreparedPhotos(plan, fail);
    const data = new Uint8Array(360).fill(7);
    photos.refresh();
    photos.write(2, data);
    const read = async () => (await photos.read(2, new Uint8Array(360))) && 'kept';
    expect(await read()).toBe('kept');

    const long = new Date(Date.now() - 3600_000);
    await utimes(plan.file, long, long);
    vi.setSystemTime(Date.now() + 61_000);
    photos.refresh();
    expect((await stat(plan.file)).mtimeMs).toBeCloseTo(Date.now(), -1);

    await rm(plan.file);
    await claimRoom(cache, plan, fail);
    vi.setSystemTime(Date.now() + 61_000);
    photos.refresh();
    expect(await read()).toBe(false);
    photos.write(2, data);
    expect(await readFile(plan.file)).toEqual(expect.objectContaining({ length: STRETCHED }));
    expect(await read()).toBe('kept');
    photos.close();
    expect(await read()).toBe(false);
  });
});

describe('a folder that cannot be used', () => {
  it('costs one line and nothing else', async () => {
    const lines: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    const expected = await digests(load());
    await writeFile(join(cache.folder, '..', 'photos'), 'no folder');
    expect(await digests(load({ cache, workers: 2 }))).toEqual(expected);
    expect(await digests(load({ cache }), 0)).toEqual(expected);
    expect(lines).toEqual([
      expect.stringMatching(
        /^Prepared photos cannot be kept in .*\/photos: EEXIST.*They are decoded anew in each epoch; .*RESIZER_PHOTO_CACHE to off\.\n$/,
      ),
    ]);
  });
});

// A disk of 64 KiB that only the process sees: needs unprivileged user namespaces.
const onSmallDisk = (command: string, disk: string) =>
  spawnSync('unshare', ['-rm', 'sh', '-c', `mount -t tmpfs -o size=64k none "$DISK" && ${command}`], {
    env: { ...process.env, DISK: disk },
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
const canMount =
  spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=64k none /mnt']).status === 0;

describe.skipIf(!canMount)('on a full disk (needs unshare with user namespaces)', () => {
  it('says so in one line, and makes the same batches', async () => {
    const expected = await digests(load({ size: [40, 40] }));
    const disk = await newFolder();
    const small = { ...options, size: [40, 40] };
    const script = `
      import { createHash } from 'node:crypto';
      import { writeFileSync } from 'node:fs';
      import { createLoader, openDataset } from ${module('./index.ts')};
      import { claimRoom, preparedPlan } from ${module('./photo-cache.ts')};
      const dataset = await openDataset(${JSON.stringify(dataset.manifest.dataset)}, { root: ${JSON.stringify(root)} });
      const options = ${JSON.stringify(small)};
      const cache = { folder: process.env.DISK + '/photos', limit: 1e6 };
      await claimRoom(cache, preparedPlan(cache, dataset.manifest, options), console.error);
      // Something else takes what the claim had found free.
      try { for (;;) writeFileSync(process.env.DISK + '/other', Buffer.alloc(4096), { flag: 'a' }); } catch {}
      const loader = createLoader(dataset, { ...options, cache, workers: 2 });
      const digests = [];
      for await (const { images } of loader.epoch(0)) digests.push(createHash('sha256').update(images).digest('hex'));
      await loader.close();
      console.log(JSON.stringify(digests));`;
    const path = join(await newFolder(), 'full.mjs');
    await writeFile(path, script);
    const tsx = import.meta.resolve('tsx');
    const { stdout, stderr } = onSmallDisk(`${process.execPath} --import ${tsx} ${path}`, disk);
    expect(JSON.parse(stdout)).toEqual(expected.map((line) => line.split(' ')[0]));
    expect(stderr).toMatch(/^Prepared photos cannot be kept in .*: the disk is full\. [^\n]*\n$/);
  });
});

describe('photoCache', () => {
  it.each([
    [undefined, 16e9],
    ['', 16e9],
    ['500 MB', 500e6],
    ['1.5GB', 1.5e9],
    ['2 TB', 2e12],
    ['off', undefined],
  ])('reads RESIZER_PHOTO_CACHE=%s', (text, limit) => {
    expect(photoCache({ RESIZER_PHOTO_CACHE: text })?.limit).toBe(limit);
  });

  it.each(['on', '-1 GB', '1e9', '10', '1 gb', ' 1 GB'])('refuses %o', (text) => {
    expect(() => photoCache({ RESIZER_PHOTO_CACHE: text })).toThrow(
      `RESIZER_PHOTO_CACHE is ${JSON.stringify(text)}; give a size such as 500 MB, 16 GB or 2 TB, or off`,
    );
  });
});
