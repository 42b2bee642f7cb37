import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stream } from '@resizer-lab/base';
import { backboneOf, type BackboneName } from '@resizer-lab/backbones';
import { imagenetClasses } from '@resizer-lab/datasets';
import { float32, type Tensor4D } from '@resizer-lab/engine';
import { initialValues, parametersOf, type Scope, writeSafetensors } from '@resizer-lab/layers';
import { applyResizer, type ResizerSpec } from '@resizer-lab/resizer';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../main.ts';
import { randomWeights } from '../weights/random-weights.fixture.ts';
import type { Evaluation } from './index.ts';
import { evaluateBackbone } from './index.ts';
import { loadResizer } from './model.ts';

const small = backboneOf('mobilenetv2_0.35');
const synsets = Object.keys(imagenetClasses());

let folder = '';
const at = (name: string) => join(folder, name);

/** Weights whose head says `order`, whatever it sees: the first class has the highest logit. */
async function opinionated(name: string, outputs: number, order: readonly number[]): Promise<string> {
  const weights = randomWeights(small, outputs);
  const bias = new Float32Array(outputs).fill(-100);
  order.forEach((output, place) => (bias[output] = -place));
  weights.set('predictions/bias', { shape: [outputs], data: bias });
  weights.get('predictions/kernel')!.data.fill(0);
  await writeSafetensors(at(name), weights);
  return at(name);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evaluate-'));
  vi.stubEnv('RESIZER_CACHE', at('cache'));
  // 3, 2 and 1 photos of the first classes of ImageNet.
  const lines = ['image,index'];
  for (const [label, photos] of [3, 2, 1].entries()) {
    await mkdir(at(`photos/${synsets[label]}`), { recursive: true });
    for (let i = 0; i < photos; i++) {
      const draws = stream(label, 'photo', i);
      const data = Buffer.from(Array.from({ length: 40 * 36 * 3 }, () => draws.integer(256)));
      const image = `${synsets[label]}/${i}.jpg`;
      await sharp(data, { raw: { width: 40, height: 36, channels: 3 } }).toFile(at(`photos/${image}`));
      lines.push(`${image},${label}`);
    }
  }
  await writeFile(at('photos/labels.csv'), lines.join('\n'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});
afterEach(() => vi.restoreAllMocks());

async function resizer(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  vi.spyOn(console, 'log').mockImplementation((text) => out.push(String(text)));
  vi.spyOn(console, 'error').mockImplementation((text) => err.push(String(text)));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  const sizes = ['--resize', '36', '--crop', '32', '--batch', '4'];
  const code = await main(['node', 'resizer', 'evaluate', '--backbone', small.name, ...sizes, ...args]);
  return { code, out: out.join('\n'), err: err.join('\n') };
}

async function scored(...args: string[]): Promise<Evaluation> {
  const { code, out, err } = await resizer('--json', ...args);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as Evaluation;
}

describe('resizer evaluate', () => {
  it('counts each photo once, in both top-1 and top-5', async () => {
    const weights = await opinionated('three.safetensors', 3, [1, 2, 0]);
    const { top1, top5, photos, dropped } = await scored(
      '--weights',
      weights,
      '--data',
      at('photos/labels.csv'),
    );
    expect([photos, dropped, top1.correct, top5.correct]).toEqual([6, 0, 2, 6]);
    // SciPy 1.17.1: binomtest(2, 6).proportion_ci(method='wilson').
    expect(top1.low).toBeCloseTo(0.0967714111, 9);
    expect(top1.high).toBeCloseTo(0.7000066849, 9);
  });

  it("takes class folders in their order, or by ImageNet's synsets, or says why not", async () => {
    const three = await opinionated('three.safetensors', 3, [0, 1, 2]);
    expect((await scored('--weights', three, '--data', at('photos'))).top1.correct).toBe(3);
    const thousand = await opinionated('thousand.safetensors', 1000, [2, 1, 3, 4, 5, 0]);
    const { top1, top5 } = await scored('--weights', thousand, '--data', at('photos'));
    expect([top1.correct, top5.correct]).toEqual([1, 3]);
    const five = await opinionated('five.safetensors', 5, [0]);
    expect(await resizer('--weights', five, '--data', at('photos'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('has 3 class folders, the head 5 outputs') as string,
    });
  });

  it('leaves the background out of 1001 outputs', async () => {
    const weights = await opinionated('background.safetensors', 1001, [0, 2]);
    expect((await scored('--weights', weights, '--data', at('photos'))).top1.correct).toBe(2);
  });

  it('puts a resizer in front, fixed or learned, whose size the file tells', async () => {
    const spec: ResizerSpec = { kind: 'learned', filters: 4, blocks: 2, base: 'bicubic' };
    const network = (net: Scope, images: Tensor4D) =>
      applyResizer(net, images, { resizer: spec, target: [16, 16] });
    const parameters = parametersOf(network, [float32(1, 32, 32, 3)]);
    const values = new Map(initialValues(parameters, 1));
    const resizerWeights = [...parameters.values()].map(
      ({ name, shape }) => [name, { shape, data: values.get(name)! }] as const,
    );
    const backbone = randomWeights(small, 3);
    await writeSafetensors(at('arm.safetensors'), new Map([...backbone, ...resizerWeights]));
    const common = ['--weights', at('arm.safetensors'), '--data', at('photos')];
    const learned = await scored(
      ...common,
      '--resizer',
      at('arm.safetensors'),
      '--base',
      'bicubic',
      '--target',
      '16',
    );
    expect(learned).toMatchObject({ resizer: spec, target: 16, crop: 32, photos: 6 });
    expect(await scored(...common, '--resizer', 'bilinear')).toMatchObject({
      resizer: { kind: 'fixed', method: 'bilinear' },
      target: 224,
    });
    expect(await scored(...common)).toMatchObject({ resizer: null, target: 32 });
    const none = await resizer(...common, '--resizer', await opinionated('three.safetensors', 3, [0]));
    expect(none).toMatchObject({
      code: 2,
      err: expect.stringContaining('holds no learned resizer') as string,
    });
  });

  it.each<[string[], number, string]>([
    [['--data', 'nowhere', '--weights', 'W'], 2, '--data nowhere: there is no such folder or file'],
    [['--data', 'L'], 2, '`resizer weights fetch mobilenetv2_0.35` brings them, or give --weights FILE'],
    [['--data', 'L', '--weights', 'W', '--crop', '64'], 2, 'shortSide 36 is smaller than the 64x64'],
    [['--data', 'L', '--weights', 'W', '--batch', '0'], 2, 'It must be a whole number from 1 to 8192'],
    [['--data', 'L', '--weights', 'T'], 1, 'has a photo of class 2; the head has the classes 0 … 1'],
  ])('%o ends with one clear line', async (args, expected, message) => {
    const known: Record<string, string> = {
      L: at('photos/labels.csv'),
      W: await opinionated('three.safetensors', 3, [0]),
      T: await opinionated('two.safetensors', 2, [0]),
    };
    vi.stubEnv('RESIZER_WEIGHTS', at('none'));
    const { code, err } = await resizer(...args.map((arg) => known[arg] ?? arg));
    expect([code, err]).toEqual([expected, expect.stringContaining(message)]);
  });
});

const data = process.env['RESIZER_DATA'] ?? '';
const photos = join(data, 'imagenet-sample/labels.csv');
const weightsFolder = join(data, '../weights');
const missing = [photos, weightsFolder].find((path) => data === '' || !existsSync(path));
const reason =
  missing === undefined ? '' : ` (skipped: RESIZER_DATA has no ${data === '' ? 'value' : missing})`;

/*
 * Public weights on 100 ImageNet photos. The numbers of EfficientNet-Lite0 are those stated beside its file; those
 * of MobileNet-v2 were computed with Keras 3.15 from the same bytes. A network with one stride, padding or epsilon
 * wrong loses several photos, a photo resized otherwise one or two.
 */
describe.skipIf(missing !== undefined)(`Public weights on ImageNet photos${reason}`, () => {
  it.each<[BackboneName, string, 'bicubic' | 'bilinear', [number, number]]>([
    ['efficientnet_lite0', 'efficientnet_lite0_imagenet', 'bicubic', [89, 97]],
    ['efficientnet_lite0', 'efficientnet_lite0_imagenet', 'bilinear', [88, 96]],
    ['mobilenetv2_1.0', 'mobilenet_v2_1.0_224_imagenet', 'bicubic', [89, 100]],
    ['mobilenetv2_1.0', 'mobilenet_v2_1.0_224_imagenet', 'bilinear', [90, 98]],
  ])('%s, %s, %s', async (name, file, interpolation, expected) => {
    const { top1, top5 } = await evaluateBackbone({
      ...{ backbone: backboneOf(name), weights: join(weightsFolder, `${file}.safetensors`), data: photos },
      ...{ resize: 256, crop: 224, target: 224, interpolation, batch: 20 },
    });
    expect([top1.correct, top5.correct]).toEqual(expected);
  });
});

it('refuses a resizer that is neither a method nor a file', async () => {
  await expect(loadResizer('lanczos9', 'bilinear')).rejects.toThrow(
    'lanczos9 is not a weights file known here',
  );
});
