import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Backbone, backboneOf, kerasWeights } from '@resizer-lab/backbones';
import { readSafetensors, writeKerasH5, writeSafetensors } from '@resizer-lab/layers';
import { create } from 'tar';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { weightsAtHand } from './at-hand.ts';
import { fetchWeights } from './fetch.ts';
import { randomWeights } from './random-weights.fixture.ts';
import { serve, type TestServer } from './server.fixture.ts';
import { unpackCheckpoint } from './unpack.ts';

const small = backboneOf('mobilenetv2_0.35');
const weights = randomWeights(small, 5);
const url = 'https://publisher.example/models/small.h5';

let folder = '';
let published = '';
/** The small backbone as if published at `url`, with its true checksum or another. */
let backbone: (hex?: string) => Backbone;
let server: TestServer | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fetch-'));
  published = join(folder, 'small.weights.h5');
  await writeKerasH5(published, kerasWeights(small, weights));
  const md5 = createHash('md5')
    .update(await readFile(published))
    .digest('hex');
  const source = { ...small.weights[0]!, url };
  backbone = (hex = md5) => ({ ...small, weights: [{ ...source, checksum: { algorithm: 'md5', hex } }] });
});
afterAll(() => rm(folder, { recursive: true }));

let cache = '';
beforeEach(async () => {
  cache = await mkdtemp(join(folder, 'cache-'));
  vi.stubEnv('RESIZER_CACHE', cache);
  vi.stubEnv('RESIZER_WEIGHTS', join(cache, 'none'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.close();
  server = undefined;
});

const cached = () => join(cache, 'weights', 'mobilenetv2_0.35.safetensors');

/** The weights are in the cache under our names, and nothing else is. */
async function expectCached(): Promise<void> {
  expect(await readdir(join(cache, 'weights'))).toEqual(['mobilenetv2_0.35.safetensors']);
  const { tensors, metadata } = await readSafetensors(cached());
  expect(tensors.get('predictions/kernel')).toEqual(weights.get('predictions/kernel'));
  expect(metadata).toMatchObject({ backbone: 'mobilenetv2_0.35', licence: 'Apache-2.0' });
}

describe('fetching published weights', () => {
  it('takes them from the mirror, by host and path, and once only', async () => {
    server = await serve(await readFile(published));
    vi.stubEnv('RESIZER_MIRROR', `${server.url}/mirror/`);
    const fetched = await fetchWeights(backbone());
    expect(fetched).toMatchObject({ file: cached(), verified: true, classes: 5 });
    expect(server.requests.map(({ path }) => path)).toEqual(['/mirror/publisher.example/models/small.h5']);
    await expectCached();
    expect(await fetchWeights(backbone())).toEqual({
      file: cached(),
      source: backbone().weights[0],
      classes: small.weights[0]!.classes,
    });
    expect(server.requests).toHaveLength(1);
  });

  it('takes them from another address, or from a file that is here', async () => {
    server = await serve(await readFile(published));
    const from = `${server.url}/a.h5`;
    expect(await fetchWeights(backbone(), { from })).toMatchObject({ from });
    await expectCached();
    await rm(cached());
    expect(await fetchWeights(backbone(), { from: published })).toMatchObject({ from: published });
    await expectCached();
    expect(await readFile(published)).toBeDefined();
  });

  it('says whether there was a checksum to hold them to', async () => {
    const unsigned: Backbone = { ...small, weights: [{ ...small.weights[0]!, url }] };
    const fetched = await fetchWeights(unsigned, { from: published });
    const sha256 = createHash('sha256')
      .update(await readFile(published))
      .digest('hex');
    expect(fetched).toMatchObject({ verified: false, sha256 });
  });

  it('keeps nothing of a file that is damaged or does not fit', async () => {
    const wrong = '0'.repeat(32);
    await expect(fetchWeights(backbone(wrong), { from: published })).rejects.toThrow(
      /small.weights.h5 is damaged or another file: its md5 is .*, the publisher states 000/,
    );
    const other: Backbone = { ...backboneOf('mobilenetv2_1.0'), weights: backbone().weights };
    await expect(fetchWeights(other, { from: published })).rejects.toThrow('nothing was loaded');
    await expect(fetchWeights(backbone(), { from: join(folder, 'none.h5') })).rejects.toThrow(
      'there is no such file',
    );
    expect(await readdir(join(cache, 'weights'))).toEqual([]);
  });

  it('is done by one process at a time', async () => {
    server = await serve(await readFile(published));
    vi.stubEnv('RESIZER_MIRROR', server.url);
    await Promise.all([fetchWeights(backbone()), fetchWeights(backbone())]);
    await expectCached();
    expect(server.requests).toHaveLength(1);
  }, 20_000);
});

describe('weights at hand', () => {
  it('are those of the weights folder and of the cache, whatever else lies there', async () => {
    const root = join(cache, 'own');
    await mkdir(root);
    vi.stubEnv('RESIZER_WEIGHTS', root);
    expect((await weightsAtHand())(small)).toEqual([]);
    await fetchWeights(backbone(), { from: published });
    const features = new Map([...weights].filter(([name]) => !name.startsWith('predictions/')));
    await writeSafetensors(join(root, 'features.safetensors'), features);
    await writeFile(join(root, 'broken.safetensors'), 'no weights');
    const atHand = await weightsAtHand();
    expect(atHand(small)).toEqual([
      { file: join(root, 'features.safetensors'), classes: 0 },
      { file: cached(), classes: 5 },
    ]);
    expect(atHand(backboneOf('mobilenetv2_1.0'))).toEqual([]);
  });
});

describe('an archive', () => {
  const pack = async (files: Record<string, string>, make?: (root: string) => Promise<void>) => {
    const root = await mkdtemp(join(folder, 'pack-'));
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), content);
    }
    await make?.(root);
    const file = join(folder, 'a.tar.gz');
    await create({ file, cwd: root, gzip: true }, await readdir(root));
    return file;
  };
  const unpacked = () => mkdtemp(join(folder, 'unpacked-'));

  it('gives its checkpoint, of one file or two, and nothing else', async () => {
    const into = await unpacked();
    const two = {
      'm/model.ckpt.index': 'i',
      'm/model.ckpt.data-00000-of-00001': 'd',
      'm/model.ckpt.meta': 'm',
      'm/x.tflite': 'x',
    };
    expect(await unpackCheckpoint(await pack(two), into)).toBe(join(into, 'model.ckpt.index'));
    expect(await readdir(into)).toEqual(['model.ckpt.data-00000-of-00001', 'model.ckpt.index']);
    const one = await unpacked();
    expect(await unpackCheckpoint(await pack({ 'inception_v2.ckpt': 'c' }), one)).toBe(
      join(one, 'inception_v2.ckpt'),
    );
  });

  it('does not reach outside of its folder', async () => {
    const into = await unpacked();
    const secret = join(folder, 'secret.ckpt');
    await writeFile(secret, 'secret');
    const linked = await pack({}, (root) => symlink(secret, join(root, 'model.ckpt')));
    await expect(unpackCheckpoint(linked, into)).rejects.toThrow('holds 0 TensorFlow checkpoints');
    const deep = { 'a/b/model.ckpt': 'c' };
    expect(await unpackCheckpoint(await pack(deep), into)).toBe(join(into, 'model.ckpt'));
    expect(await readFile(secret, 'utf8')).toBe('secret');
  });

  it('is refused when it is damaged, cut short, or has no checkpoint', async () => {
    const file = await pack({ 'model.ckpt': 'c'.repeat(100_000) });
    const bytes = await readFile(file);
    for (const damaged of [bytes.subarray(0, bytes.length / 2), Buffer.from('no archive'), Buffer.alloc(0)]) {
      await writeFile(file, damaged);
      await expect(unpackCheckpoint(file, await unpacked())).rejects.toThrow(/cannot be unpacked|holds 0/);
    }
    await expect(unpackCheckpoint(await pack({ 'model.pb': '' }), await unpacked())).rejects.toThrow(
      'holds 0',
    );
  });
});
