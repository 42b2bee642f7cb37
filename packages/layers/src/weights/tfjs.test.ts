import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTfjsWeights } from './tfjs.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tfjs-'));
  await mkdir(join(folder, 'model', 'shards'), { recursive: true });
  await writeFile(join(folder, 'secret.bin'), Buffer.alloc(4));
  await symlink('../secret.bin', join(folder, 'model', 'link.bin'));
  await writeFile(join(folder, 'model', 'four.bin'), Buffer.alloc(4));
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes model.json with this manifest and gives its path. */
async function model(weightsManifest: unknown): Promise<string> {
  const path = join(folder, 'model', 'model.json');
  await writeFile(path, JSON.stringify({ modelTopology: {}, weightsManifest }));
  return path;
}
const shard = (name: string, ...data: ArrayBufferView[]) =>
  writeFile(
    join(folder, 'model', name),
    Buffer.concat(data.map((d) => new Uint8Array(d.buffer, d.byteOffset, d.byteLength))),
  );
const w = (name: unknown = 'w', more: object = {}) => ({ name, shape: [1], dtype: 'float32', ...more });
const quantised = (dtype: string, more: object = {}) => ({
  quantization: { dtype, scale: 1, min: 0, ...more },
});

describe('readTfjsWeights', () => {
  it('reads weights that run over shards, in nested folders and in several groups', async () => {
    const bytes = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
    await shard('shards/1of2.bin', bytes.subarray(0, 5));
    await shard('shards/2of2.bin', bytes.subarray(5), Int32Array.of(-9));
    await shard('flags.bin', Uint8Array.of(1, 0));
    const path = await model([
      {
        paths: ['shards/1of2.bin', 'shards/2of2.bin'],
        weights: [w('a', { shape: [1, 2] }), w('b'), w('n', { dtype: 'int32', shape: [] })],
      },
      { paths: ['flags.bin'], weights: [w('f', { dtype: 'bool', shape: [2] })] },
    ]);
    expect([...(await readTfjsWeights(path))]).toEqual([
      ['a', { shape: [1, 2], data: Float32Array.of(1, 2) }],
      ['b', { shape: [1], data: Float32Array.of(3) }],
      ['n', { shape: [], data: Int32Array.of(-9) }],
      ['f', { shape: [2], data: Uint8Array.of(1, 0) }],
    ]);
  });

  it('restores quantised weights: value · scale + min', async () => {
    // An odd number of bytes before 16-bit numbers: they are not aligned in the shard.
    await shard('q.bin', Uint8Array.of(0, 10, 255), Uint16Array.of(0, 65535), Uint16Array.of(0x3e00, 0xc000));
    await shard('i.bin', Uint8Array.of(3));
    const path = await model([
      {
        paths: ['q.bin'],
        weights: [
          w('u8', { shape: [3], ...quantised('uint8', { scale: 0.5, min: -2 }) }),
          w('u16', { shape: [2], ...quantised('uint16', { scale: 2, min: 1 }) }),
          w('f16', { shape: [2], quantization: { dtype: 'float16' } }),
        ],
      },
      { paths: ['i.bin'], weights: [w('i', { dtype: 'int32', ...quantised('uint8', { scale: 0.5 }) })] },
    ]);
    const weights = await readTfjsWeights(path);
    expect(weights.get('u8')!.data).toEqual(Float32Array.of(-2, 3, 125.5));
    expect(weights.get('u16')!.data).toEqual(Float32Array.of(1, 131071));
    expect(weights.get('f16')!.data).toEqual(Float32Array.of(1.5, -2));
    expect(weights.get('i')!.data).toEqual(Int32Array.of(2));
  });

  const group = (weights: unknown, paths: unknown = ['four.bin']) => [{ paths, weights }];
  it.each<[string, unknown, string]>([
    ['no manifest', undefined, 'has no weightsManifest list'],
    ['a group without paths', [{ weights: [] }], 'has no list of paths'],
    ['paths that are numbers', group([w()], [1]), 'has no list of paths'],
    ['a group without weights', [{ paths: [] }], 'has no list of weights'],
    ['a weight without a name', group([w(7)]), 'a weight of its weightsManifest has no name'],
    ['a weight twice', group([w('v'), w('v')]), 'it names the weight "v" twice'],
    ['a shard twice', group([w()], ['four.bin', 'four.bin']), 'it names the shard "four.bin" twice'],
    ['a strange dtype', group([w('v', { dtype: 'string' })]), 'at weight "v": its dtype is "string"'],
    [
      'a negative dimension',
      group([w('v', { shape: [-1] })]),
      'at weight "v": its shape has the dimension -1',
    ],
    ['a strange quantisation', group([w('v', quantised('uint4'))]), 'its quantization dtype is "uint4"'],
    [
      'no scale',
      group([w('v', quantised('uint8', { scale: null }))]),
      'its quantization has no scale and min',
    ],
    ['a missing shard', group([w()], ['gone.bin']), 'the weights shard "gone.bin", which is not there'],
    ['a short shard', group([w('v', { shape: [2] })]), '8 bytes are announced, 4 are there'],
    ['a huge announcement', group([w('v', { shape: [2 ** 50] })]), 'are cut short'],
    ['a long shard', group([]), 'four.bin has 4 bytes; at most 0 are expected'],
    ['a path upwards', group([w()], ['../secret.bin']), '"../secret.bin", which lies outside its folder'],
    ['an absolute path', group([w()], ['/etc/passwd']), '"/etc/passwd", which lies outside its folder'],
    ['a link that leads out', group([w()], ['link.bin']), '"link.bin", which lies outside its folder'],
    ['a folder', group([w()], ['shards']), 'shards is not a regular file'],
    ['a path with a NUL', group([w()], ['a\0b']), 'names the weights shard "a\\u0000b"'],
  ])('refuses %s', async (_what, manifest, message) => {
    const error: unknown = await readTfjsWeights(await model(manifest)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain(message);
  });

  it('refuses a file that is not JSON', async () => {
    await expect(readTfjsWeights(join(folder, 'model', 'four.bin'))).rejects.toThrow('four.bin is not JSON');
  });
});

const real = join(
  process.env['RESIZER_DATA'] ?? '',
  '..',
  'weights',
  'mobilenet_v2_0.35_224_tfjs',
  'model.json',
);

describe.skipIf(!process.env['RESIZER_DATA'] || !existsSync(real))(
  'real weights (beside RESIZER_DATA)',
  () => {
    it('reads MobileNet-v2 0.35 under the names of its Keras layers', async () => {
      const weights = await readTfjsWeights(real);
      expect(weights.size).toBe(263);
      expect(weights.get('Conv1/kernel')!.shape).toEqual([3, 3, 3, 16]);
      expect(weights.get('Conv_1_bn/moving_variance')!.data.every((x) => x > 0)).toBe(true);
    });
  },
);
