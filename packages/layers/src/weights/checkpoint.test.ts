import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint, readSavedModelVariables } from './checkpoint.ts';
import { readCheckpointV1 } from './checkpoint-v1.ts';
import { crc32c } from './crc32c.ts';
import { kerasNames } from './keras-variables.ts';
import { matchWeights } from './match.ts';
import { readWeights, weightsFormat } from './read.ts';
import { snappyDecompress } from './snappy.ts';
import { tableEntries } from './table.ts';
import type { Weights, WeightTensor } from './tensor.ts';
import { fixture, fixtureWeights, sorted, tableOf } from './testing.ts';

const step = { shape: [], data: BigInt64Array.of(2n ** 40n + 1n) };
const wanted = [...fixtureWeights()].map(([name, { shape }]) => ({ name, shape }));
/** What the graphs of `interop/make.py` hold beside the model. */
const slim = (): Weights =>
  new Map<string, WeightTensor>([
    ...fixtureWeights('Slim/'),
    ['half', { shape: [2], data: Float32Array.of(1.5, -2) }],
    ['global_step', step],
    ['zeros', { shape: [20, 50], data: new Float32Array(1000) }],
  ]);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('readCheckpoint', () => {
  it('reads the variables of a graph', async () => {
    expect(sorted(await readCheckpoint(fixture('slim_v2.ckpt')))).toEqual(sorted(slim()));
    expect((await readCheckpoint(fixture('slim_v2.ckpt.index'))).size).toBe(15);
  });

  it('gives the variables of TensorFlow 2 objects their own names', async () => {
    const weights = kerasNames(await readCheckpoint(fixture('tf2')), wanted);
    expect(sorted(weights)).toEqual(
      sorted(new Map<string, WeightTensor>([...fixtureWeights(), ['step', step]])),
    );
  });

  it('reads a SavedModel, whose model owns its variables twice and has a seed', async () => {
    const weights = kerasNames(await readSavedModelVariables(fixture('saved_model')), wanted);
    expect(weights.size).toBe(wanted.length + 1);
    expect(matchWeights(wanted, weights, { source: 'saved_model' })).toEqual(fixtureWeights());
  });

  const copyOfSlim = async () => {
    for (const part of ['index', 'data-00000-of-00001']) {
      await copyFile(fixture(`slim_v2.ckpt.${part}`), join(folder, `model.ckpt.${part}`));
    }
    return join(folder, 'model.ckpt');
  };

  it('holds each tensor against its checksum', async () => {
    const path = await copyOfSlim();
    const data = await readFile(`${path}.data-00000-of-00001`);
    data[200]! ^= 1;
    await writeFile(`${path}.data-00000-of-00001`, data);
    await expect(readCheckpoint(path)).rejects.toThrow(
      /is damaged at tensor "Slim\/conv\/kernel": it does not have its checksum/,
    );
  });

  it('says where cut data end, and what is missing', async () => {
    const path = await copyOfSlim();
    await truncate(`${path}.data-00000-of-00001`, 1000);
    await expect(readCheckpoint(path)).rejects.toThrow(
      'data-00000-of-00001 is cut short: the index announces 4,876 bytes, it has 1,000.',
    );
    await rm(`${path}.data-00000-of-00001`);
    await expect(readCheckpoint(path)).rejects.toThrow(`There is no file ${path}.data-00000-of-00001`);
    await rm(`${path}.index`);
    await expect(readCheckpoint(path)).rejects.toThrow(`There is no file ${path}.index`);
  });

  it('refuses a damaged index by the checksum of its blocks', async () => {
    const path = await copyOfSlim();
    const index = await readFile(`${path}.index`);
    index[20]! ^= 1;
    await writeFile(`${path}.index`, index);
    await expect(readCheckpoint(path)).rejects.toThrow(
      'model.ckpt.index is damaged or cut short: the block at byte 0 does not have its checksum',
    );
    await truncate(`${path}.index`, 100);
    await expect(readCheckpoint(path)).rejects.toThrow('is not a TensorFlow checkpoint, or is cut short');
  });
});

describe('readCheckpointV1', () => {
  it('reads the single file of TF-Slim', async () => {
    expect(sorted(await readCheckpointV1(fixture('slim_v1.ckpt')))).toEqual(sorted(slim()));
  });
});

describe('readWeights', () => {
  it.each([
    ['torch.safetensors', 'safetensors', 'conv/kernel'],
    ['keras2.h5', 'Keras HDF5', 'conv/kernel'],
    ['tf2', 'TensorFlow checkpoint', 'conv/kernel'],
    ['tf2.index', 'TensorFlow checkpoint', 'conv/kernel'],
    ['slim_v1.ckpt', 'TensorFlow checkpoint (V1)', 'Slim/conv/kernel'],
    ['slim_v2.ckpt', 'TensorFlow checkpoint', 'Slim/conv/kernel'],
    ['saved_model', 'SavedModel', 'conv/kernel'],
  ])('knows the format of %s: %s', async (name, format, weight) => {
    expect(await weightsFormat(fixture(name))).toBe(format);
    expect((await readWeights(fixture(name))).get(weight)!.shape).toEqual([3, 3, 3, 4]);
  });

  it('finds the model.json in the folder of a TensorFlow.js model', async () => {
    await writeFile(join(folder, 'model.json'), JSON.stringify({ weightsManifest: [] }));
    expect(await readWeights(folder)).toEqual(new Map());
  });

  it('says what it reads where it does not know a file', async () => {
    await expect(readWeights('weights.pth')).rejects.toThrow(
      'weights.pth is not a weights file known here; name a .safetensors',
    );
  });
});

describe('tableEntries', () => {
  it('reads blocks with Snappy and without', () => {
    const entries = ['', 'key/one', 'key/two'].map((key) => ({
      key,
      value: new Uint8Array(Buffer.from(`the value of ${key}`)),
    }));
    for (const snappy of [true, false]) {
      expect(tableEntries(new Uint8Array(tableOf(entries, { snappy })), 'x')).toEqual(entries);
    }
  });
});

describe('CRC-32C', () => {
  it('is that of RFC 3720, appendix B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  });
});

/** Made by cramjam 2.14.0 (Snappy) for Python: `compress_raw` of the text that the test makes. */
const snappy = Buffer.from(
  'uAQYcmVzaXplIP4HAP4HAAUH9D4BAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7' +
    'PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+AgYKDhIWGh4iJiouM' +
    'jY6PkJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd' +
    '3t/g4eLj5OXm5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/2xlYXJuZWQgbGVhcm5lZCBsZWFybmVkIGxlYXJuZWQgbGVhcm5lZCBsZWFybmVk' +
    'IGxlYXJuZWQgbGVhcm5lZBUwBGRl/uQAhuQA',
  'base64',
);

describe('Snappy', () => {
  const fail = (problem: string): never => {
    throw new Error(problem);
  };
  it('decompresses literals and copies that overlap themselves', () => {
    const bytes = (from: number, to: number) =>
      Buffer.from(Array.from({ length: to - from }, (_, i) => from + i));
    const text = [
      Buffer.from('resize '.repeat(20)),
      bytes(0, 256),
      Buffer.from('learned '.repeat(9)),
      bytes(100, 200),
    ];
    expect(Buffer.from(snappyDecompress(snappy, fail)).equals(Buffer.concat(text))).toBe(true);
  });
  it.each<[string, number[], string]>([
    ['a copy from before the start', [4, 0x01, 0x01], 'it copies from before its start'],
    ['too little', [4, 0x00, 0x61], 'it holds less data than it announces'],
    ['too much', [1, 0x04, 0x61, 0x62], 'it holds more data than it announces'],
    ['a huge announcement', [0xff, 0xff, 0xff, 0xff, 0x0f], 'it announces more data than it can hold'],
    ['an end within a literal', [8, 0x1c, 0x61], 'it ends within a value'],
  ])('refuses %s', (_what, bytes, message) => {
    expect(() => snappyDecompress(Uint8Array.from(bytes), fail)).toThrow(message);
  });
});
