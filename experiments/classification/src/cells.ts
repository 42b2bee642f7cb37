import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { join } from 'node:path';
import { cacheFolder, codeOf, messageOf, UserError } from '@resizer-lab/base';
import { type Dataset, type DatasetConfig, openDataset, weightsRoot } from '@resizer-lab/datasets';
import type { CellSpec } from '@resizer-lab/suite';
import type { CellConfig, Config } from './config.ts';

/** The data set of a config, as the datasets package takes it. */
export function datasetOf({ data, input, target }: Config): DatasetConfig {
  if (data.kind === 'synthetic') return { ...data, size: input, target };
  const { limit, ...folder } = data;
  return limit ? { ...folder, limit: { ...limit } as { train?: number; test?: number } } : folder;
}

/** Opens a data set; what was read of its photos is remembered in the user's cache. */
export function openPhotos(dataset: DatasetConfig, dataRoot: string): Promise<Dataset> {
  return openDataset(dataset, { root: dataRoot, cache: join(cacheFolder(), 'manifests') });
}

const weightsRole = (file: string) => `weights ${file}`;

/** What a config reads, by role: the manifest's hash, and that of each weight file. */
export async function inputsOf(
  config: Config,
  { dataRoot }: { dataRoot: string },
): Promise<Record<string, string>> {
  const { manifest } = await openPhotos(datasetOf(config), dataRoot);
  const hashes: Record<string, string> = { photos: manifest.hash };
  for (const { weights } of config.backbones) {
    if (weights) hashes[weightsRole(weights)] = await fileHash(join(weightsRoot(dataRoot), weights));
  }
  return hashes;
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'does not exist' : `cannot be read: ${messageOf(error)}`;
    throw new UserError(
      `The weights file ${path} ${why}. Set RESIZER_WEIGHTS to the folder that holds them.`,
      {
        cause: error,
      },
    );
  }
  return hash.digest('hex');
}

/** For each backbone and seed: the baseline, then every arm from that baseline's checkpoint. */
export function cellsOf(config: Config, seeds: readonly number[]): CellSpec<CellConfig>[] {
  return config.backbones.flatMap(({ name: backbone, weights }) =>
    seeds.flatMap((seed) => {
      const id = (arm: string) => `${backbone}/${arm}/seed${seed}`;
      const { input, target, training } = config;
      const common = { backbone, data: datasetOf(config), input, target, training, seed };
      const { resizer, duration, rate } = config.baseline;
      const baseline: CellSpec<CellConfig> = {
        id: id('baseline'),
        config: {
          ...common,
          ...{ role: 'baseline', arm: 'baseline', control: null, expect: null },
          ...{ weights: weights ?? null, resizer, duration, rate },
        },
        data: weights ? ['photos', weightsRole(weights)] : ['photos'],
      };
      const arms = Object.entries(config.arms.list).map(
        ([arm, { resizer, control, expect }]): CellSpec<CellConfig> => ({
          id: id(arm),
          config: {
            ...common,
            ...{ role: 'arm', arm, control: control ?? null, expect: expect ?? null, weights: null },
            ...{ resizer, duration: config.arms.duration, rate: config.arms.rate },
          },
          data: ['photos'],
          needs: { baseline: id('baseline') },
          ...(control === undefined ? {} : { controls: [id(control)] }),
        }),
      );
      return [baseline, ...arms];
    }),
  );
}
