import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, UserError } from '@resizer-lab/base';
import { expand } from '@resizer-lab/suite';
import { describe, expect, it, vi } from 'vitest';
import { cellsOf, inputsOf } from './cells.ts';
import type { Config } from './config.ts';
import { ownFolder } from '@resizer-lab/study/testing';
import { configOf } from './testing.fixture.ts';

const hashes = { photos: 'p', 'weights resnet.safetensors': 'w' };
const expanded = (config: Config, seeds: number[], data: Record<string, string> = hashes) =>
  expand(cellsOf(config, seeds), { study: 'classification', hashes: data, file: 'tiny.yaml' });

describe('the cells of a config', () => {
  it('are, for each backbone and seed, the baseline and every arm from it', async () => {
    const specs = cellsOf(await configOf(), [1, 2]);
    expect(specs.map(({ id }) => id)).toEqual(
      ['mobilenetv2_0.35', 'resnet50'].flatMap((backbone) =>
        [1, 2].flatMap((seed) =>
          ['baseline', 'fixed', 'learned'].map((arm) => `${backbone}/${arm}/seed${seed}`),
        ),
      ),
    );
    for (const { id, needs, config, data } of specs) {
      const [backbone, arm, seed] = id.split('/');
      expect(needs).toEqual(arm === 'baseline' ? undefined : { baseline: `${backbone}/baseline/${seed}` });
      const readsWeights = arm === 'baseline' && backbone === 'resnet50';
      expect(data).toEqual(readsWeights ? ['photos', 'weights resnet.safetensors'] : ['photos']);
      expect(config).toMatchObject({ backbone, arm, seed: Number(seed!.slice(4)) });
      expect(config.duration).toEqual(arm === 'baseline' ? { epochs: 1 } : { steps: 20 });
    }
  });

  it('pair each learned arm with a control that differs in nothing but its resizer', async () => {
    const cells = cellsOf(await configOf(), [1, 2]);
    const learned = cells.filter(({ config }) => config.resizer.kind === 'learned');
    expect(learned).toHaveLength(4);
    for (const { config, controls, needs } of learned) {
      const control = cells.find(({ id }) => id === controls?.[0])!;
      const own = { resizer: 0, arm: 0, control: 0, expect: 0 };
      expect({ ...control.config, ...own }).toEqual({ ...config, ...own });
      expect(control.needs).toEqual(needs);
      expect(control.config.resizer).toEqual({ kind: 'fixed', method: 'bicubic' });
    }
  });

  it('of a learned arm without its control cannot be expanded, even if the config got through', async () => {
    const specs = cellsOf(await configOf(), [1]).filter(({ id }) => !id.includes('/fixed/'));
    expect(() => expand(specs, { study: 'classification', hashes, file: 'tiny.yaml' })).toThrow(
      new UserError(
        'tiny.yaml: cell "mobilenetv2_0.35/learned/seed1" has no paired control: "mobilenetv2_0.35/fixed/seed1" is not in the suite; add the arm that makes it',
        { exitCode: 2 },
      ),
    );
  });

  it('are new where, and only where, something that bears on them changed', async () => {
    const keysOf = async (changes: Record<string, string>, data?: Record<string, string>) =>
      new Map(
        expanded(await configOf(changes), [1], data).map(({ id, key }) => [id.replace('/seed1', ''), key]),
      );
    const before = await keysOf({});
    const changed = async (changes: Record<string, string>, data?: Record<string, string>) => {
      const after = await keysOf(changes, data);
      return [...after].flatMap(([id, key]) => (before.get(id) === key ? [] : [id])).sort();
    };
    const [mobilenet, resnet] = ['mobilenetv2_0.35', 'resnet50'].map((name) =>
      ['baseline', 'fixed', 'learned'].map((arm) => `${name}/${arm}`),
    );
    expect(await changed({ 'title: Tiny': 'title: Other' })).toEqual([]);
    expect(await changed({ 'filters: 4': 'filters: 5' })).toEqual([mobilenet![2], resnet![2]]);
    expect(await changed({ 'rate: 0.01': 'rate: 0.03' })).toEqual([
      ...mobilenet!.slice(1),
      ...resnet!.slice(1),
    ]);
    expect(await changed({ 'rate: 0.02': 'rate: 0.03' })).toEqual([...mobilenet!, ...resnet!]);
    expect(await changed({}, { ...hashes, photos: 'q' })).toEqual([...mobilenet!, ...resnet!]);
    expect(await changed({}, { ...hashes, 'weights resnet.safetensors': 'v' })).toEqual(resnet);
  });
});

describe('what a config reads', () => {
  it('is the photos and the weights, by content', async () => {
    const dataRoot = join(await ownFolder(), 'data');
    const weights = await ownFolder();
    vi.stubEnv('RESIZER_WEIGHTS', weights);
    await writeFile(join(weights, 'resnet.safetensors'), 'some weights');
    const inputs = await inputsOf(await configOf(), { dataRoot });
    expect(inputs['weights resnet.safetensors']).toBe(sha256('some weights'));
    expect(inputs['photos']).toMatch(/^[0-9a-f]{64}$/);
    const other = await inputsOf(await configOf({ 'test: 32': 'test: 33' }), { dataRoot });
    expect(other['photos']).not.toBe(inputs['photos']);
    vi.unstubAllEnvs();
  });

  it('that is not there is named, with what to set', async () => {
    const folder = await ownFolder();
    const dataRoot = join(folder, 'data');
    await expect(inputsOf(await configOf(), { dataRoot })).rejects.toThrow(
      new UserError(
        `The weights file ${join(folder, 'weights', 'resnet.safetensors')} does not exist. Set RESIZER_WEIGHTS to the folder that holds them.`,
      ),
    );
    const photos = 'data: { kind: folder, path: nothing }';
    const missing = configOf({
      'data: { kind: synthetic, version: positive, train: 64, test: 32, classes: 2 }': photos,
    });
    await expect(inputsOf(await missing, { dataRoot })).rejects.toThrow(
      `data: ${dataRoot} does not exist; data sets are looked for below RESIZER_DATA`,
    );
  });
});
