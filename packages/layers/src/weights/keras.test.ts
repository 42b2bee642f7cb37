import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHdf5 } from './hdf5-reader.ts';
import { hdf5Pieces } from './hdf5-writer.ts';
import { decodeKerasH5, readKerasH5 } from './keras-reader.ts';
import { kerasNames } from './keras-variables.ts';
import { encodeKerasH5, writeKerasH5 } from './keras-writer.ts';
import type { WeightTensor } from './tensor.ts';
import { fixture, fixtureWeights, sorted } from './testing.ts';

const wanted = [...fixtureWeights()].map(([name, { shape }]) => ({ name, shape }));

describe('readKerasH5', () => {
  it.each([
    ['weights of Keras 2', 'keras2.h5'],
    ['a model of Keras 3', 'keras3_model.h5'],
    ['weights of Keras 3', 'keras3.weights.h5'],
  ])('reads %s under the names of the layers', async (_what, file) => {
    const weights = kerasNames(await readKerasH5(fixture(file)), wanted);
    expect(sorted(weights)).toEqual(sorted(fixtureWeights()));
  });

  it('says that a file is no HDF5, and where a cut file ends', async () => {
    const bytes = await readFile(fixture('keras3.weights.h5'));
    expect(() => decodeKerasH5(Buffer.from('not HDF5'), 'x.h5')).toThrow('x.h5 is not an HDF5 file.');
    expect(() => decodeKerasH5(bytes.subarray(0, 20_000), 'x.h5')).toThrow(
      /^x.h5 is damaged or cut short: byte [\d,]+ is needed, it has 20,000\.$/,
    );
  });

  it('refuses a file whose layer is gone, and one without weights', () => {
    const file = (attributes: Record<string, string>) =>
      Buffer.concat(hdf5Pieces({ members: new Map(), attributes }));
    expect(() => decodeKerasH5(file({ layer_names: 'conv' }), 'x.h5')).toThrow(
      'its layer "conv" is not there',
    );
    expect(() => decodeKerasH5(file({}), 'x.h5')).toThrow('x.h5 holds no Keras weights.');
  });

  it('asks for a newer file where Keras 3 did not store the names of the layers', () => {
    const conv = { members: new Map([['vars', { members: new Map([['0', scalar(1)]]) }]]) };
    const file = Buffer.concat(hdf5Pieces({ members: new Map([['conv2d_1', conv]]) }));
    expect(() => decodeKerasH5(file, 'x.h5')).toThrow('x.h5 does not say which layer "conv2d_1" is');
  });

  it('ends on groups that contain themselves', async () => {
    const bytes = await readFile(fixture('keras3.weights.h5'));
    const root = bytes.readBigUInt64LE(64);
    // Every symbol (name offset, header address) now leads back to the root.
    for (let at = bytes.indexOf('SNOD'); at >= 0; at = bytes.indexOf('SNOD', at + 1)) {
      for (let i = 0; i < bytes.readUInt16LE(at + 6); i++) bytes.writeBigUInt64LE(root, at + 16 + 40 * i);
    }
    expect(() => decodeKerasH5(bytes, 'x.h5')).toThrow(UserError);
  });
});

describe('kerasNames', () => {
  it('renames the kernel of a depthwise convolution only where that is wanted', () => {
    const given = new Map([
      ['a/kernel', scalar(1)],
      ['b/kernel', scalar(2)],
    ]);
    const names = kerasNames(given, [
      { name: 'a/depthwise_kernel', shape: [] },
      { name: 'b/kernel', shape: [] },
    ]);
    expect([...names.keys()]).toEqual(['a/depthwise_kernel', 'b/kernel']);
  });
});

describe('writeKerasH5', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keras-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('writes what it reads, the same bytes each time', async () => {
    const path = join(folder, 'a.weights.h5');
    await writeKerasH5(path, fixtureWeights());
    expect(sorted(await readKerasH5(path))).toEqual(sorted(fixtureWeights()));
    expect((await readFile(path)).equals(encodeKerasH5(fixtureWeights()))).toBe(true);
  });

  it('gives layers of one class the numbers of their order, as Keras counts them', () => {
    const dense = () => ({ shape: [1, 1], data: new Float32Array(1) });
    const names = Array.from({ length: 300 }, (_, i) => `layer${i}/kernel`);
    const root = openHdf5(encodeKerasH5(new Map(names.map((name) => [name, dense()]))), 'x.h5');
    const layers = root.children().get('layers')!.children();
    expect(layers.size).toBe(300);
    expect(layers.get('dense')!.children().get('vars')!.strings('name')).toEqual(['layer0']);
    expect(layers.get('dense_299')!.children().get('vars')!.strings('name')).toEqual(['layer299']);
  });

  it('refuses a layer that Keras does not have, and leaves the old file', async () => {
    const path = join(folder, 'b.weights.h5');
    await writeFile(path, 'old');
    await expect(writeKerasH5(path, new Map([['odd/thing', scalar(1)]]))).rejects.toThrow(
      'Layer odd has the weights thing, as no Keras layer known here; nothing was written.',
    );
    expect(await readFile(path, 'utf8')).toBe('old');
  });
});

describe('HDF5', () => {
  it('gives back groups, attributes and tensors of any name and shape', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((n) => !/[\0]/.test(n));
    const tensor = fc
      .oneof(fc.float32Array(), fc.int32Array(), fc.uint8Array())
      .map((data): WeightTensor => ({ shape: [data.length, 1], data }));
    const members = fc.dictionary(name, tensor, { maxKeys: 100 });
    fc.assert(
      fc.property(members, name, (tensors, text) => {
        const group = { members: new Map(Object.entries(tensors)), attributes: { text } };
        const root = openHdf5(Buffer.concat(hdf5Pieces({ members: new Map([['group', group]]) })), 'x.h5');
        const read = root.children().get('group')!;
        expect(read.strings('text')).toEqual([text]);
        expect(read.strings('other')).toBeUndefined();
        expect(sorted(new Map([...read.children()].map(([n, node]) => [n, node.tensor()])))).toEqual(
          sorted(group.members),
        );
      }),
    );
  });
});

function scalar(value: number): WeightTensor {
  return { shape: [], data: Float32Array.of(value) };
}
