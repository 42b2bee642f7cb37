import type { DatasetConfig } from '@resizer-lab/datasets';
import { describe, expect, it } from 'vitest';
import { type DatasetOf, datasetsOf, pairedCells } from './cells.ts';
import type { ResizerGrid } from './config/resizers.ts';
import { type PairedConfig, pairedSections } from './config/sections.ts';
import { type Protocol, protocol } from './config/training.ts';
import { z } from 'zod';

const photos: DatasetOf = () => ({ kind: 'folder', path: 'photos', test: 'val' });
const pictures: DatasetOf = ({ input, target }): DatasetConfig => ({
  ...{ kind: 'synthetic', version: 'positive', size: input, target },
  ...{ train: 8, test: 8, classes: 2, seed: 0 },
});

const bilinear = { kind: 'fixed', method: 'bilinear' };

function configOf(given: object): PairedConfig<Protocol> {
  return pairedSections({ data: z.unknown(), training: protocol }).parse({
    data: {},
    input: 48,
    target: 16,
    backbones: [{ name: 'resnet50' }],
    training: { batch: 8 },
    baseline: { resizer: bilinear, duration: '1 epoch', rate: 0.1 },
    arms: { duration: '2 epochs', rate: 0.1, list: { bilinear: { resizer: bilinear } } },
    ...given,
  });
}

const cells = (given: object, datasetOf = photos) => pairedCells(configOf(given), { seeds: [1], datasetOf });

describe('the cells of sizes', () => {
  it('of one size do not name it; of a list each has its own baseline', () => {
    expect(cells({}).map(({ id }) => id)).toEqual(['resnet50/baseline/seed1', 'resnet50/bilinear/seed1']);
    const listed = cells({ input: [56, 224] });
    expect(listed.map(({ id, needs, config }) => [id, needs?.['baseline'], config.input])).toEqual([
      ['resnet50/56/baseline/seed1', undefined, 56],
      ['resnet50/56/bilinear/seed1', 'resnet50/56/baseline/seed1', 56],
      ['resnet50/224/baseline/seed1', undefined, 224],
      ['resnet50/224/bilinear/seed1', 'resnet50/224/baseline/seed1', 224],
    ]);
  });

  it('read the same photos, or pictures of their size', () => {
    const config = configOf({ input: [48, 64] });
    expect([...datasetsOf(config, photos).keys()]).toEqual(['photos']);
    expect([...datasetsOf(config, pictures).keys()]).toEqual(['photos 48', 'photos 64']);
    const rolesOf = (datasetOf: DatasetOf) =>
      cells({ input: [48, 64] }, datasetOf).map(({ data, config }) => [config.input, ...data]);
    expect(rolesOf(photos)).toEqual([48, 48, 64, 64].map((size) => [size, 'photos']));
    expect(rolesOf(pictures)).toEqual([48, 48, 64, 64].map((size) => [size, `photos ${size}`]));
  });
});

describe('an arm', () => {
  const arm = (given: { resizer: Partial<ResizerGrid>; [key: string]: unknown }) => {
    const list = { bilinear: { resizer: bilinear }, still: { resizer: bilinear, backbone: 'frozen' }, given };
    return cells({ arms: { duration: '2 epochs', rate: 0.1, list } }).find(({ id }) =>
      id.includes('/given/'),
    )!;
  };

  it('may show the backbone another size, and reads the same photos', () => {
    const { config, data } = arm({ resizer: { kind: 'fixed', method: 'area' }, target: 24 });
    expect(config).toMatchObject({ input: 48, target: 24, frozenBackbone: false, duration: { epochs: 2 } });
    expect(data).toEqual(['photos']);
  });

  it('with a frozen backbone trains its resizer, or is evaluated as it starts if that is fixed', () => {
    const trained = arm({ resizer: { kind: 'learned' }, backbone: 'frozen', control: 'still' });
    expect(trained.config).toMatchObject({ frozenBackbone: true, duration: { epochs: 2 } });
    const fixed = arm({ resizer: { kind: 'fixed', method: 'area' }, backbone: 'frozen' });
    expect(fixed.config).toMatchObject({ frozenBackbone: true, duration: null });
  });
});
