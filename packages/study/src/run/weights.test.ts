import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constant, type Parameter, type Parameters, writeSafetensors } from '@resizer-lab/layers';
import type { CellContext } from '@resizer-lab/suite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Start, TrainedCell } from '../cell.ts';
import { startValues } from './weights.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weights-'));
  vi.stubEnv('RESIZER_WEIGHTS', folder);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const parameter = (name: string, units = 1): [string, Parameter] => [
  name,
  { name, shape: [1, units], trainable: true, initial: constant(0) },
];

/** A model of a resizer, a layer and a head. */
const modelWith = (classes: number): Parameters =>
  new Map([parameter('resizer/conv'), parameter('layer/kernel'), parameter('head/kernel', classes)]);

const write = (file: string, values: Record<string, number[]>) =>
  writeSafetensors(
    join(folder, file),
    new Map(
      Object.entries(values).map(([name, data]) => [
        name,
        { shape: [1, data.length], data: Float32Array.from(data) },
      ]),
    ),
    {},
  );

async function startOf(start: Start[], classes = 2): Promise<Record<string, number[]>> {
  const parameters = modelWith(classes);
  const config = { seed: 1, start } as Partial<TrainedCell> as TrainedCell;
  const context = { dataRoot: folder, need: (role: string) => join(folder, role) } as Partial<CellContext>;
  const values = await startValues({ config, parameters, head: 'head' }, context as CellContext);
  return Object.fromEntries([...values].map(([name, data]) => [name, [...data]]));
}

describe('a model starts', () => {
  it('at random, and its parts where the config says', async () => {
    await write('own.safetensors', { 'layer/kernel': [3], 'head/kernel': [4, 5] });
    expect(await startOf([])).toEqual({ 'resizer/conv': [0], 'layer/kernel': [0], 'head/kernel': [0, 0] });
  });

  it("at a cell's backbone and another's resizer", async () => {
    await Promise.all(['baseline', 'source'].map((role) => mkdir(join(folder, role), { recursive: true })));
    await write('baseline/weights.safetensors', { 'layer/kernel': [3], 'head/kernel': [4, 5] });
    await write('source/weights.safetensors', {
      'resizer/conv': [6],
      'other/kernel': [7],
      'head/kernel': [8, 9],
    });
    const backbone = { part: 'backbone', cell: 'baseline' } as const;
    const resizer = { part: 'resizer', cell: 'source' } as const;
    expect(await startOf([backbone, resizer])).toEqual({
      'resizer/conv': [6],
      'layer/kernel': [3],
      'head/kernel': [4, 5],
    });
    await expect(startOf([{ part: 'backbone', cell: 'source' }])).rejects.toThrow(
      'does not fit this network',
    );
    await expect(startOf([{ part: 'resizer', cell: 'baseline' }])).rejects.toThrow('1 missing: resizer/conv');
  });

  it("at published weights, with a new head unless the classes are ImageNet's", async () => {
    const head = Array.from({ length: 1000 }, (_, i) => i);
    await write('imagenet.safetensors', { 'layer/kernel': [3], 'head/kernel': head });
    const start: Start = { part: 'backbone', weights: 'imagenet.safetensors' };
    expect(await startOf([start])).toMatchObject({ 'layer/kernel': [3], 'head/kernel': [0, 0] });
    expect((await startOf([start], 1000))['head/kernel']).toEqual(head);
  });
});
