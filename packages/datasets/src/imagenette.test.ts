import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FolderConfig } from './config.ts';
import { newFolder } from './fixtures.ts';
import { createLoader } from './loader.ts';
import { openDataset } from './manifest.ts';

const root = process.env.RESIZER_DATA;
const absent = !root || !existsSync(join(root, 'imagenette'));

describe.skipIf(absent)('real photos (needs RESIZER_DATA with imagenette and imagenet-sample)', () => {
  const config: FolderConfig = { kind: 'folder', path: 'imagenette', train: 'train', test: 'val' };

  it('is whole, and comes in batches of its own pixels', async () => {
    const cache = await newFolder();
    const dataset = await openDataset(config, { root: root!, cache });
    const { splits, classes, dropped } = dataset.manifest;
    expect([splits.train.length, splits.test.length, classes.length, dropped.length]).toEqual([
      5000, 2000, 10, 0,
    ]);
    expect(splits.train.every(({ width, height }) => width === 224 && height === 224)).toBe(true);
    expect((await openDataset(config, { root: root!, cache })).manifest).toEqual(dataset.manifest);
    const loader = createLoader(dataset, {
      split: 'test',
      batch: 64,
      size: [224, 224],
      transform: { fit: 'stretch' },
      seed: 1,
      shuffle: false,
    });
    let seen = 0;
    for await (const { mask } of loader.epoch(0, { fromStep: 20 })) seen += mask.reduce((a, b) => a + b);
    expect(seen).toBe(2000 - 20 * 64);
    await loader.close();
  });

  it('has the ImageNet sample, by its CSV file', async () => {
    const { manifest } = await openDataset(
      { kind: 'labels', path: 'imagenet-sample', file: 'labels.csv' },
      { root: root! },
    );
    expect(manifest.splits.test).toHaveLength(100);
    expect(manifest.dropped).toEqual([]);
  });
});
