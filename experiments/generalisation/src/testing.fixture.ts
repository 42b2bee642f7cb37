import { loadedConfig } from '@resizer-lab/study/testing';
import type { Config } from './config.ts';
import { generalisation } from './index.ts';

/** A config in which all is well, as its lines. */
export const lines = [
  'study: generalisation',
  'suite: tiny',
  'title: Tiny',
  'seeds: [1, 2]',
  'task:',
  '  kind: classification',
  '  data: { kind: synthetic, version: positive, train: 16, test: 12, classes: 2 }',
  '  training: { batch: 8 }',
  'input: 48',
  'target: 16',
  'backbones:',
  '  - name: mobilenetv2_0.35',
  '  - { name: resnet50, weights: resnet.safetensors }',
  'baseline:',
  '  resizer: { kind: fixed, method: bilinear }',
  '  duration: 1 epoch',
  '  rate: 0.02',
  'resizer: { kind: learned, filters: 4 }',
  'source:',
  '  duration: 3 epochs',
  '  rate: 0.01',
  'swap:',
  '  rate: 0.01',
];

/** Reads the config above with some lines changed: text to find and to put in its place. */
export async function configOf(changes: Readonly<Record<string, string>> = {}): Promise<Config> {
  return (await loadedConfig(generalisation, lines, changes)) as Config;
}
