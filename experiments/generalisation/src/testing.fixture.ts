import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@resizer-lab/suite';
import { onTestFinished } from 'vitest';
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

/** A folder that is removed after the test. */
export async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'generalisation-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Reads the config above with some lines changed: text to find and to put in its place. */
export async function configOf(changes: Readonly<Record<string, string>> = {}): Promise<Config> {
  let text = lines.join('\n');
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`the config has no "${from}"`);
    text = text.replace(from, to);
  }
  const file = join(await ownFolder(), 'tiny.yaml');
  await writeFile(file, text);
  const { config } = await loadConfig(file, [generalisation]);
  return config as Config;
}
