import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writePredictions } from '@resizer-lab/study';
import { loadedConfig, ownFolder } from '@resizer-lab/study/testing';
import type { CellConfig, Config } from './config.ts';
import { quality } from './index.ts';
import { agreementOf } from './measurements.ts';
import type { QualityRecord } from './metrics.ts';

/** A config in which all is well, as its lines. */
export const lines = [
  'study: quality',
  'suite: tiny',
  'title: Tiny',
  'seeds: [1, 2]',
  'data:',
  '  kind: scores',
  '  path: photos',
  '  tables: { train: train.csv, test: test.csv }',
  '  photo: name',
  '  score: { column: mean, scale: [0, 100] }',
  'input: 48',
  'target: 16',
  'backbones:',
  '  - { name: mobilenetv2_0.35, weights: mobilenet.safetensors }',
  'training: { batch: 8 }',
  'baseline:',
  '  resizer: { kind: fixed, method: bicubic }',
  '  duration: 1 epoch',
  '  rate: 0.005',
  'arms:',
  '  duration: 20 steps',
  '  rate: 0.005',
  '  list:',
  '    bicubic:',
  '      resizer: { kind: fixed, method: bicubic }',
  '    learned:',
  '      resizer: { kind: learned, base: bicubic }',
  '      control: bicubic',
];

/** Reads the config above with some lines changed: text to find and to put in its place. */
export async function configOf(changes: Readonly<Record<string, string>> = {}): Promise<Config> {
  return (await loadedConfig(quality, lines, changes)) as Config;
}

/** A finished cell made by hand, its predictions on the disk. */
export async function record(
  config: CellConfig,
  scores: readonly { predicted: number; truth: number }[],
): Promise<QualityRecord> {
  const directory = join(await ownFolder(), 'cell');
  await mkdir(directory);
  const photos = scores.map((score) => ({ ...score, emd1: 0.1, emd2: 0.2 }));
  const shares = new Array<number>(10).fill(0.1);
  await writePredictions(
    directory,
    photos.map((photo, i) => ({ photo: `photo${i}`, ...photo, shares })),
  );
  return {
    ...{ key: `${config.arm}${config.seed}`.padEnd(16, '0'), id: `${config.backbone}/${config.arm}` },
    ...{ study: 'quality', config, data: {}, needs: {}, directory },
    measurements: {
      ...{ photos: photos.length, trainingPhotos: 1, dropped: 0, parameters: 1, resizerWeights: 1 },
      ...{ multiplyAdds: { resizer: 1e9, backbone: 5e8 }, statistics: null, probes: null },
      ...agreementOf(photos),
    },
    ...{ started: '', finished: '', seconds: 1, software: {} },
  };
}
