import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backboneOf } from '@resizer-lab/backbones';
import { readWeights, writeSafetensors } from '@resizer-lab/layers';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { main } from './main.ts';
import { randomWeights } from './weights/random-weights.fixture.ts';

const small = backboneOf('mobilenetv2_0.35');
const weights = randomWeights(small, 5);

let folder = '';
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'export-'));
  await writeSafetensors(at('own.safetensors'), weights);
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

async function resizer(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  vi.spyOn(console, 'log').mockImplementation((text) => out.push(String(text)));
  vi.spyOn(console, 'error').mockImplementation((text) => err.push(String(text)));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  const common = ['--backbone', small.name, '--weights', at('own.safetensors'), '--size', '32'];
  const code = await main(['node', 'resizer', 'export', ...common, ...args]);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

// That the models give the right numbers is tested with the engine's `freeze`.
it('writes a SavedModel', async () => {
  const { code, out } = await resizer('--to', at('served'));
  expect([code, out]).toEqual([
    0,
    `${at('served')}: MobileNet-v2 0.35 for images of 32×32, 5 classes, 1 file`,
  ]);
  expect(await readdir(at('served'))).toEqual(['saved_model.pb']);
});

it('writes a TensorFlow.js graph model, which holds the weights under their names', async () => {
  const { code } = await resizer(
    '--to',
    at('js'),
    '--format',
    'tfjs-graph',
    '--resizer',
    'bilinear',
    '--target',
    '24',
  );
  expect(code).toBe(0);
  expect((await readdir(at('js'))).sort()).toEqual(['group1-shard1of1.bin', 'model.json']);
  const written = await readWeights(at('js'));
  for (const [name, { data }] of weights) expect(written.get(name)?.data, name).toEqual(data);
});

it.each([
  ['a folder that is in use', ['.'], 2, 'is not empty; name another folder'],
  [
    'an op that the format lacks',
    ['new', '--format', 'tfjs-graph', '--resizer', 'bicubic'],
    1,
    'TensorFlow.js has no bicubic',
  ],
  ['a size that is none', ['new', '--size', '0'], 2, 'It must be a whole number'],
])('refuses %s, and writes nothing', async (_, [to, ...options], code, message) => {
  const before = await readdir(folder);
  const ended = await resizer('--to', at(to!), ...options);
  expect([ended.code, ended.err]).toEqual([code, expect.stringContaining(message)]);
  expect(await readdir(folder)).toEqual(before);
});
