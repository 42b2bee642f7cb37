import { execFile } from 'node:child_process';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sha256, UserError } from '@resizer-lab/base';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import type { Batch } from './batch.ts';
import { imageFolder } from './fixtures.ts';
import { createLoader, type Loader, type LoaderOptions } from './loader.ts';
import { type Dataset, openDataset } from './manifest.ts';
import type { Transform } from './transform.ts';

const loaders: Loader[] = [];
afterEach(async () => {
  await Promise.all(loaders.splice(0).map((loader) => loader.close()));
});

const random: Transform = { fit: 'random-resized-crop', scale: [0.3, 1], ratio: [3 / 4, 4 / 3], flip: true };
const defaults: LoaderOptions = {
  split: 'train',
  batch: 4,
  size: [12, 10],
  transform: random,
  seed: 1,
  shuffle: true,
};

function load(dataset: Dataset, options: Partial<LoaderOptions> = {}): Loader {
  const loader = createLoader(dataset, { ...defaults, ...options });
  loaders.push(loader);
  return loader;
}

const pictures = (train: number) =>
  openDataset({
    kind: 'synthetic',
    version: 'positive',
    size: 12,
    target: 4,
    train,
    test: 3,
    classes: 3,
    seed: 1,
  });

async function photos(train = 11): Promise<{ dataset: Dataset; folder: string }> {
  const root = await imageFolder({ classes: ['cat'], train, test: 2 });
  const dataset = await openDataset({ kind: 'folder', path: 'set', train: 'train', test: 'test' }, { root });
  return { dataset, folder: join(root, 'set/train/cat') };
}

/** Everything that a batch holds, short enough to compare. */
const digest = ({ images, labels, mask, indices }: Batch) =>
  [sha256(images), String(labels), String(mask), String(indices)].join(' ');

async function collect(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

async function digests(batches: AsyncIterable<Batch>, pause = 0): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of batches) {
    all.push(digest(batch));
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return all;
}

const indicesOf = async (loader: Loader, epoch: number) =>
  (await collect(loader.epoch(epoch))).flatMap(({ indices, mask }) => [...indices].filter((_, i) => mask[i]));

describe('an epoch', () => {
  it('holds every photo once, in an order of its own', async () => {
    for (const [train, batch] of [
      [10, 3],
      [8, 4],
      [3, 5],
      [1, 1],
    ] as const) {
      const loader = load(await pictures(train), { batch });
      const orders = [await indicesOf(loader, 0), await indicesOf(loader, 1)];
      for (const order of orders) expect([...order].sort((a, b) => a - b)).toEqual([...Array(train).keys()]);
      if (train > 3) expect(orders[0]).not.toEqual(orders[1]);
      expect(loader.steps).toBe(Math.ceil(train / batch));
    }
  });

  it('pads the last batch with zeros, masked, or leaves it out', async () => {
    const dataset = await pictures(6);
    const batches = await collect(load(dataset, { shuffle: false }).epoch(0));
    const last = batches.at(-1)!;
    expect([...last.mask]).toEqual([1, 1, 0, 0]);
    expect([...last.indices]).toEqual([4, 5, -1, -1]);
    expect([...last.labels]).toEqual([1, 2, 0, 0]);
    const half = last.images.length / 2;
    expect(last.images.subarray(half).every((value) => value === 0)).toBe(true);
    expect(last.images.subarray(0, half).some((value) => value !== 0)).toBe(true);
    expect(await indicesOf(load(dataset, { shuffle: false, dropLast: true }), 0)).toEqual([0, 1, 2, 3]);
  });

  it('keeps the pixels of photos that have the size', async () => {
    const { dataset } = await photos(2);
    const options = { transform: { fit: 'stretch' }, size: [16, 24], batch: 1, shuffle: false } as const;
    const [first] = await collect(load(dataset, options).epoch(0));
    const name = join(dataset.folder!, dataset.manifest.splits.train[0]!.path);
    expect(sha256(first!.images)).toBe(sha256(await sharp(name, { ignoreIcc: true }).raw().toBuffer()));
  });

  it('does not depend on timing or the number of workers, but on seed and epoch', async () => {
    const { dataset } = await photos();
    const one = load(dataset);
    const expected = await digests(one.epoch(3));
    expect(await digests(one.epoch(3), 60)).toEqual(expected);
    expect(await digests(load(dataset, { workers: 2 }).epoch(3))).toEqual(expected);
    const [a, b] = await Promise.all([digests(one.epoch(3)), digests(one.epoch(4))]);
    expect(a).toEqual(expected);
    expect(b).not.toEqual(expected);
    expect(await digests(load(dataset, { seed: 2 }).epoch(3))).not.toEqual(expected);
  });

  it('augments a photo anew in each epoch, wherever it stands in the order', async () => {
    const dataset = await pictures(4);
    const still = load(dataset, { shuffle: false, batch: 1 });
    const shuffled = load(dataset, { shuffle: true, batch: 1 });
    const byIndex = async (loader: Loader, epoch: number) =>
      new Map((await collect(loader.epoch(epoch))).map((b) => [b.indices[0]!, sha256(b.images)]));
    const first = await byIndex(still, 0);
    expect(new Map([...(await byIndex(shuffled, 0))].sort(([a], [b]) => a - b))).toEqual(first);
    expect([...(await byIndex(still, 1)).values()]).not.toEqual([...first.values()]);
  });

  it('goes on from any step with the same batches', async () => {
    const loader = load(await pictures(23), { workers: 2 });
    await fc.assert(
      fc.asyncProperty(fc.nat(50), fc.nat(loader.steps), async (epoch, fromStep) => {
        const whole = await digests(loader.epoch(epoch));
        expect(await digests(loader.epoch(epoch, { fromStep }))).toEqual(whole.slice(fromStep));
      }),
      { numRuns: 15 },
    );
    expect(() => loader.epoch(0, { fromStep: loader.steps + 1 })).toThrow('fromStep');
  });
});

describe('the worker', () => {
  it('works while this thread is blocked', async () => {
    const loader = load(await pictures(40));
    const epoch = loader.epoch(0);
    await epoch.next();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    // The three batches asked for ahead wait in this thread's queue: it takes no work to get them.
    const start = performance.now();
    for (let i = 0; i < 3; i++) await epoch.next();
    expect(performance.now() - start).toBeLessThan(100);
    await epoch.return?.();
  });

  it('stays four batches ahead at most, and names a photo that is gone or changed', async () => {
    for (const [damage, message] of [
      [(path: string) => rm(path), /4\.jpg: cannot be read \(ENOENT\)$/],
      [(path: string) => writeFile(path, 'other'), /4\.jpg: has changed since the data set was opened/],
    ] as const) {
      const { dataset, folder } = await photos(9);
      const epoch = load(dataset, { batch: 1, shuffle: false }).epoch(0);
      await epoch.next();
      await new Promise((resolve) => setTimeout(resolve, 300));
      await damage(join(folder, '4.jpg'));
      for (let i = 1; i < 4; i++)
        expect(await epoch.next()).toMatchObject({ value: { indices: Int32Array.of(i) } });
      const error = await epoch.next().catch((e: unknown) => e);
      expect(error).toBeInstanceOf(UserError);
      expect((error as Error).message).toMatch(message);
      expect(await epoch.next()).toEqual({ done: true, value: undefined });
    }
  });

  it('can be used on after an iteration is abandoned or has failed', async () => {
    const { dataset, folder } = await photos();
    const loader = load(dataset, { batch: 2 });
    const expected = await digests(loader.epoch(0));
    for (let i = 0; i < 5; i++) {
      const epoch = loader.epoch(i);
      await epoch.next();
      await epoch.return?.();
    }
    const photo = join(folder, '3.jpg');
    await rename(photo, `${photo}.away`);
    await expect(digests(loader.epoch(0))).rejects.toThrow('3.jpg');
    await rename(`${photo}.away`, photo);
    expect(await digests(loader.epoch(0))).toEqual(expected);
  });

  it('ends on close, even in the middle of an epoch', async () => {
    const loader = load(await pictures(40));
    const epoch = loader.epoch(0);
    await epoch.next();
    await Promise.all([loader.close(), loader.close()]);
    await expect(
      (async () => {
        for (;;) if ((await epoch.next()).done) return;
      })(),
    ).rejects.toThrow('the loader was closed');
    await expect(loader.epoch(0).next()).rejects.toThrow('the loader was closed');
  });

  it.each([
    ['an abandoned iteration', 'for await (const _ of loader.epoch(0)) break;'],
    ['a closed loader', 'for await (const _ of loader.epoch(0)) break; await loader.close();'],
    ['an iterator that was dropped', 'await loader.epoch(0).next();'],
    ['a failure of its own', 'await loader.epoch(0).next(); process.exit(0);'],
  ])('lets the process end after %s', async (_, use) => {
    const index = fileURLToPath(new URL('./index.ts', import.meta.url));
    const script = `
      import { createLoader, openDataset } from ${JSON.stringify(index)};
      const dataset = await openDataset({ kind: 'synthetic', version: 'positive', size: 12, target: 4,
        train: 400, test: 4, classes: 2, seed: 1 });
      const loader = createLoader(dataset, { split: 'train', batch: 4, size: [12, 12],
        transform: { fit: 'stretch' }, seed: 1, shuffle: true });
      ${use}
      console.log('end of script');`;
    const run = promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      {
        timeout: 30_000,
      },
    );
    const { stdout, stderr } = await run;
    expect(stderr).toBe('');
    expect(stdout).toBe(use.includes('exit') ? '' : 'end of script\n');
  });
});

describe('createLoader', () => {
  it('refuses what cannot give a batch', async () => {
    const dataset = await pictures(3);
    expect(() => load(dataset, { dropLast: true })).toThrow(
      'split train has 3 photos, too few for a batch of 4',
    );
    expect(() => load(dataset, { transform: { fit: 'center-crop', shortSide: 8 } })).toThrow('shortSide 8');
  });
});
