import { loadedConfig } from '@resizer-lab/study/testing';
import type { CellConfig, Config } from './config.ts';
import { classification } from './index.ts';

/** A config in which all is well, as its lines. */
export const lines = [
  'study: classification',
  'suite: tiny',
  'title: Tiny',
  'seeds: [1, 2]',
  'data: { kind: synthetic, version: positive, train: 64, test: 32, classes: 2 }',
  'input: 48',
  'target: 16',
  'backbones:',
  '  - name: mobilenetv2_0.35',
  '  - { name: resnet50, weights: resnet.safetensors }',
  'training: { batch: 8 }',
  'baseline:',
  '  resizer: { kind: fixed, method: bilinear }',
  '  duration: 1 epoch',
  '  rate: 0.02',
  'arms:',
  '  duration: 20 steps',
  '  rate: 0.01',
  '  list:',
  '    fixed:',
  '      resizer: { kind: fixed, method: bicubic }',
  '    learned:',
  '      resizer: { kind: learned, filters: 4 }',
  '      control: fixed',
];

/** Reads the config above with some lines changed: text to find and to put in its place. */
export async function configOf(changes: Readonly<Record<string, string>> = {}): Promise<Config> {
  return (await loadedConfig(classification, lines, changes)) as Config;
}

/** The config of a cell: an arm with a fixed resizer, but for what is given. */
export const cellConfig = (given: Partial<CellConfig> = {}): CellConfig => ({
  role: 'arm',
  arm: 'fixed',
  control: null,
  expect: null,
  backbone: 'mobilenetv2_0.35',
  range: 'mobilenetv2_0.35',
  start: [{ part: 'backbone', cell: 'baseline' }],
  data: { kind: 'synthetic' },
  input: 48,
  target: 16,
  resizer: { kind: 'fixed', method: 'bilinear' },
  training: {
    batch: 8,
    momentum: 0.9,
    batchNormMomentum: 0.99,
    gradientCheckpointing: 'none',
    reestimateBatches: null,
    labelSmoothing: 0.1,
    decay: { factor: 0.94, everyEpochs: 2 },
    augment: { fit: 'stretch', flip: true },
    evaluate: { fit: 'stretch', flip: false },
    checkpointEvery: { epochs: 1 },
  },
  frozenBackbone: false,
  duration: { epochs: 1 },
  rate: 0.01,
  seed: 1,
  ...given,
});
