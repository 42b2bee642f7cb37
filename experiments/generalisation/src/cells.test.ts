import { UserError } from '@resizer-lab/base';
import { expand } from '@resizer-lab/suite';
import { describe, expect, it } from 'vitest';
import { cellsOf, photosOf } from './cells.ts';
import { cellSchema } from './config.ts';
import { configOf } from './testing.fixture.ts';

const hashes = { photos: 'p', 'weights resnet.safetensors': 'w' };
const alike = { 'duration: 3 epochs': 'duration: 4 epochs' };

async function keysOf(changes: Record<string, string> = {}, data = hashes): Promise<Map<string, string>> {
  const specs = cellsOf(await configOf(changes), [1]);
  const cells = expand(specs, { study: 'generalisation', hashes: data, file: 'tiny.yaml' });
  return new Map(cells.map(({ id, key }) => [id.replace('/seed1', ''), key]));
}

describe('the cells of a config', () => {
  it('are each target with each resizer, and the controls of both stages', async () => {
    const specs = cellsOf(await configOf(), [1, 2]);
    const arms = [
      ...['baseline', 'own-fixed', 'own', 'fixed', 'random'],
      ...['mobilenetv2_0.35', 'resnet50'].flatMap((s) => [`zero-shot-from-${s}`, `fine-tuned-from-${s}`]),
    ];
    expect(specs.map(({ id }) => id)).toEqual(
      [1, 2].flatMap((seed) =>
        ['mobilenetv2_0.35', 'resnet50'].flatMap((b) => arms.map((arm) => `${b}/${arm}/seed${seed}`)),
      ),
    );
    for (const { config } of specs) {
      // As it will be read back in the cell's process.
      expect(cellSchema.parse(JSON.parse(JSON.stringify(config)))).toEqual(config);
    }
  });

  it('swap the resizer that the source was trained with, in its range, before the target’s baseline', async () => {
    const specs = cellsOf(await configOf(), [2]);
    const at = (arm: string) => specs.find(({ id }) => id === `mobilenetv2_0.35/${arm}/seed2`)!;
    const needs = { baseline: 'mobilenetv2_0.35/baseline/seed2', source: 'resnet50/own/seed2' };
    const start = [
      { part: 'backbone', cell: 'baseline' },
      { part: 'resizer', cell: 'source' },
    ];
    const zeroShot = at('zero-shot-from-resnet50');
    expect(zeroShot).toMatchObject({ needs, controls: [needs.baseline] });
    expect(zeroShot.config).toMatchObject({ range: 'resnet50', backbone: 'mobilenetv2_0.35', start });
    expect(zeroShot.config.duration).toBeNull();
    const tuned = at('fine-tuned-from-resnet50');
    expect(tuned).toMatchObject({ needs, controls: ['mobilenetv2_0.35/fixed/seed2'] });
    expect(tuned.config).toMatchObject({ range: 'resnet50', start, duration: { epochs: 4 } });
    // The three that are compared differ in their resizer and where it comes from alone.
    const own = { arm: 0, resizer: 0, range: 0, start: 0, control: 0 };
    for (const other of [at('fixed'), at('random')]) {
      expect({ ...other.config, ...own }).toEqual({ ...tuned.config, ...own });
    }
    expect(at('random').config.start).toEqual([start[0]]);
    expect(at('own').config).toMatchObject({ duration: { epochs: 3 }, control: 'own-fixed' });
  });

  it('share the resizer from random values where both stages are alike', async () => {
    const keys = await keysOf(alike);
    expect([...keys.keys()].filter((id) => id.startsWith('resnet50/') && !id.includes('-from-'))).toEqual(
      ['baseline', 'fixed', 'own'].map((arm) => `resnet50/${arm}`),
    );
    const own = cellsOf(await configOf(alike), [1]).find(({ id }) => id === 'resnet50/own/seed1')!;
    expect(own.controls).toEqual(['resnet50/fixed/seed1']);
  });

  it('are new where, and only where, something that bears on them changed', async () => {
    const before = await keysOf();
    const changed = async (changes: Record<string, string>, data?: typeof hashes) => {
      const after = await keysOf(changes, data);
      return [...after].flatMap(([id, key]) => (before.get(id) === key ? [] : [id])).sort();
    };
    const all = [...before.keys()].sort();
    const startsAtSource = (id: string) => /(own|own-fixed)$|-from-/.test(id);
    expect(await changed({ 'duration: 3 epochs': 'duration: 2 epochs' })).toEqual(all.filter(startsAtSource));
    expect(await changed({ 'filters: 4': 'filters: 5' })).toEqual(
      all.filter((id) => /(own|random)$|-from-/.test(id)),
    );
    expect(await changed({ 'swap:\n  rate: 0.01': 'swap:\n  rate: 0.03' })).toEqual(
      all.filter((id) => /\/(fixed|random|fine-tuned)/.test(id)),
    );
    // Another source: its own row, and its column in the other.
    const weights = { ...hashes, 'weights resnet.safetensors': 'v' };
    expect(await changed({}, weights)).toEqual(all.filter((id) => id.includes('resnet50')));
    expect(await changed({}, { ...hashes, photos: 'q' })).toEqual(all);
  });
});

describe('a config', () => {
  it('has the photos and the training of the study whose task it is', async () => {
    const config = await configOf();
    expect(photosOf(config)).toMatchObject({ kind: 'synthetic', classes: 2, size: 48, target: 16 });
    expect(config.task.training).toMatchObject({ labelSmoothing: 0.1 });
    const quality = await configOf({
      'kind: classification': 'kind: quality',
      ', classes: 2': '',
    });
    expect(photosOf(quality)).toEqual({
      ...{ kind: 'synthetic', version: 'positive', train: 16, test: 12, seed: 0, size: 48, target: 16 },
    });
    expect(cellsOf(quality, [1])[0]!.config).toMatchObject({ task: 'quality', training: { emd: 2 } });
  });

  it.each([
    ['name: resnet50', 'name: mobilenetv2_0.35', /backbones: names a backbone twice/],
    ['kind: learned, filters: 4', 'kind: fixed, method: area', /resizer: has no weights/],
    ['filters: 4', 'frozen: true', /resizer: is frozen/],
    ['input: 48', 'input: 32', /input: is 32; must be 3, 4, …/],
    ['kind: classification', 'kind: quality', /task\.data.*classes/],
  ])('is refused with %s changed to %s', async (from, to, message) => {
    const error = await configOf({ [from]: to }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).exitCode).toBe(2);
    expect((error as UserError).message).toMatch(message);
  });
});
