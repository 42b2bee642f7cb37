import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backboneOf, exportWeights } from '@resizer-lab/backbones';
import { readKerasH5, readWeights, writeSafetensors } from '@resizer-lab/layers';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../main.ts';
import { randomWeights } from './random-weights.fixture.ts';

const small = backboneOf('mobilenetv2_0.35');
const weights = randomWeights(small, 5);

let folder = '';
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weights-commands-'));
  await writeSafetensors(at('own.safetensors'), weights);
  await writeSafetensors(at('theirs.safetensors'), exportWeights(small, weights, 'transformers'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** What a user sees of a command. */
async function resizer(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  vi.spyOn(console, 'log').mockImplementation((text) => out.push(String(text)));
  vi.spyOn(console, 'error').mockImplementation((text) => err.push(String(text)));
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  const code = await main(['node', 'resizer', ...args]);
  vi.restoreAllMocks();
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('resizer weights inspect', () => {
  it('lists the tensors and what they fit', async () => {
    const { code, out } = await resizer('weights', 'inspect', at('own.safetensors'));
    expect(code).toBe(0);
    const [first, second, third] = out.split('\n');
    expect(first).toBe(`${at('own.safetensors')}: safetensors, 262 tensors, 416,613 numbers`);
    expect(second).toBe('fits mobilenetv2_0.35 with a head of 5 outputs');
    expect(third).toMatch(/^ {2}Conv1\/kernel +float32 {2}\[3, 3, 3, 16\]$/);
  });

  it('knows the names of other projects, and features among other weights', async () => {
    const fits = async (file: string) => {
      const { out } = await resizer('weights', 'inspect', file, '--json');
      return (JSON.parse(out) as { fits: unknown }).fits;
    };
    expect(await fits(at('theirs.safetensors'))).toEqual([
      { backbone: 'mobilenetv2_0.35', classes: 5, layout: 'transformers' },
    ]);
    const other = [...weights].map(
      ([name, tensor]) => [name.replace('predictions', 'scores'), tensor] as const,
    );
    await writeSafetensors(at('other.safetensors'), new Map(other));
    expect(await fits(at('other.safetensors'))).toEqual([
      { backbone: 'mobilenetv2_0.35', classes: 0, others: ['scores/kernel', 'scores/bias'] },
    ]);
  });

  it('does not let a file write to the terminal', async () => {
    await writeSafetensors(
      at('hostile.safetensors'),
      new Map([['\x1b[2Jw', { shape: [1], data: Float32Array.of(1) }]]),
    );
    const { out } = await resizer('weights', 'inspect', at('hostile.safetensors'));
    expect(out).not.toContain('\x1b');
    expect(out).toContain('fits no backbone');
  });

  it('says in one line what is wrong with a file', async () => {
    await writeFile(at('cut.safetensors'), (await readFile(at('own.safetensors'))).subarray(0, 5000));
    expect(await resizer('weights', 'inspect', at('cut.safetensors'))).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^\S+cut.safetensors is cut short: .*$/) as string,
    });
  });
});

describe('resizer weights convert', () => {
  const convert = (input: string, output: string, ...options: string[]) =>
    resizer('weights', 'convert', at(input), at(output), '--backbone', 'mobilenetv2_0.35', ...options);

  it('to other names and back, to Keras and back, changes no number', async () => {
    const { code, out } = await convert('theirs.safetensors', 'a.safetensors');
    expect(code).toBe(0);
    expect(out).toContain('a.safetensors: MobileNet-v2 0.35, 262 weights, a head of 5 outputs');
    expect(out).toContain("Read as those of transformers' MobileNetV2");
    expect((await convert('a.safetensors', 'b.weights.h5')).code).toBe(0);
    expect((await readKerasH5(at('b.weights.h5'))).size).toBe(262);
    expect((await convert('b.weights.h5', 'c.safetensors', '--as', 'transformers')).code).toBe(0);
    const [given, back] = await Promise.all(
      ['theirs', 'c'].map((name) => readWeights(at(`${name}.safetensors`))),
    );
    expect(back).toEqual(given);
  });

  it('writes nothing unless all fits', async () => {
    const broken = new Map([...weights].filter(([name]) => name !== 'bn_Conv1/beta'));
    await writeSafetensors(at('broken.safetensors'), broken);
    const { code, err } = await convert('broken.safetensors', 'd.safetensors');
    expect([code, err]).toEqual([1, expect.stringContaining('nothing was loaded: 1 missing: bn_Conv1/beta')]);
    expect(await readdir(folder)).not.toContain('d.safetensors');
  });

  it('leaves out what it is told to', async () => {
    const more = new Map([...weights, ['resizer/x', { shape: [1], data: Float32Array.of(1) }]]);
    await writeSafetensors(at('more.safetensors'), more);
    expect((await convert('more.safetensors', 'e.safetensors')).code).toBe(1);
    expect((await convert('more.safetensors', 'e.safetensors', '--ignore', 'resizer/')).code).toBe(0);
    expect([...(await readWeights(at('e.safetensors'))).keys()].sort()).toEqual([...weights.keys()].sort());
  });

  it.each([
    [['x.pth'], 'the output must end in .safetensors or .weights.h5'],
    [['x.weights.h5', '--as', 'transformers'], '--as transformers is for .safetensors'],
    [
      ['x.safetensors', '--layout', 'timm-tf'],
      'MobileNet-v2 0.35 is not known in the layout "timm-tf"; known: transformers.',
    ],
    [['x.safetensors', '--layout', 'tim'], 'Allowed choices are timm-tf, timm, transformers'],
  ])('%o is bad usage', async ([output, ...options], message) => {
    const { code, err } = await convert('own.safetensors', output!, ...options);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('resizer backbones', () => {
  it('lists them, and the weights at hand', async () => {
    await mkdir(at('root'));
    await writeSafetensors(at('root/own.safetensors'), weights);
    vi.stubEnv('RESIZER_WEIGHTS', at('root'));
    vi.stubEnv('RESIZER_CACHE', at('cache'));
    const { code, out } = await resizer('backbones');
    expect(code).toBe(0);
    expect(out).toMatch(/mobilenetv2_0\.35 .* 1691208 +59 M +224 +own\.safetensors \(5 outputs\)$/m);
    const rows = JSON.parse((await resizer('backbones', '--json')).out) as Record<string, unknown>[];
    expect(rows.map(({ name }) => name)).toContain('inception_v2');
    expect(rows.find(({ name }) => name === 'mobilenetv2_0.35')).toMatchObject({
      parameters: { total: 1_691_208 },
      preprocessing: { offset: 127.5, scale: 127.5 },
      weights: [{ licence: 'Apache-2.0' }],
      atHand: [{ file: at('root/own.safetensors'), classes: 5 }],
    });
  });
});
