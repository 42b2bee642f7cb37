import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, float32, type Program, type Tensor4D, uint8 } from '@resizer-lab/engine';
import { matchWeights, parametersOf, readSafetensors, Scope } from '@resizer-lab/layers';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Backbone } from './backbone.ts';
import { kernels, type Photo, resizeAndCrop } from './pillow.fixture.ts';
import { preprocess } from './preprocess.ts';
import { backboneOf } from './registry.ts';

const data = process.env['RESIZER_DATA'] ?? '';
const photos = join(data, 'imagenet-sample');
const weights = join(data, '../weights');
const missing = [photos, weights].find((folder) => data === '' || !existsSync(folder));
const reason =
  missing === undefined ? '' : ` (skipped: RESIZER_DATA has no ${data === '' ? 'value' : missing})`;

const BATCH = 20;
const SIZE = 224;
const PIXELS = SIZE * SIZE * 3;

/*
 * 100 photos with public weights. The numbers of EfficientNet-Lite0 are those that its file's publisher
 * states; those of MobileNet-v2 were computed with Keras 3.15 from the same bytes. A network with one
 * stride, padding or epsilon wrong loses several photos.
 */
describe.skipIf(missing !== undefined)(`Public weights on ImageNet photos${reason}`, () => {
  const cases = [
    ['efficientnet_lite0', 'efficientnet_lite0_imagenet', { bicubic: [89, 97], bilinear: [88, 96] }],
    ['mobilenetv2_1.0', 'mobilenet_v2_1.0_224_imagenet', { bicubic: [89, 100], bilinear: [90, 98] }],
  ] as const;
  let samples: Record<Method, Sample[]>;
  beforeAll(async () => {
    const photos = await labelledPhotos();
    samples = { bicubic: resized(photos, 'bicubic'), bilinear: resized(photos, 'bilinear') };
  });

  it.each(cases)('%s', async (name, file, expected) => {
    const program = await classifier(backboneOf(name), join(weights, `${file}.safetensors`));
    for (const method of ['bicubic', 'bilinear'] as const) {
      const ranks = ranksOf(program, samples[method]);
      const within = (top: number) => ranks.filter((rank) => rank < top).length;
      expect([within(1), within(5)], method).toEqual(expected[method]);
    }
    program.dispose();
  });
});

async function classifier(backbone: Backbone, file: string): Promise<Program> {
  const network = (net: Scope, images: Tensor4D) =>
    backbone.head(net, backbone.features(net, preprocess(images, backbone.preprocessing)), 1000);
  const parameters = parametersOf(network, [float32(1, SIZE, SIZE, 3)]);
  const program = compile(new Map([...parameters].map(([name, { shape }]) => [name, shape])), {
    classify: {
      inputs: { images: uint8(BATCH, SIZE, SIZE, 3) },
      body: ({ images }, variables) => ({
        logits: network(new Scope({ variables, training: false }), images as Tensor4D),
      }),
    },
  });
  const { tensors } = await readSafetensors(file);
  const matched = matchWeights([...parameters.values()], tensors, { source: file });
  program.assign(new Map([...matched].map(([name, tensor]) => [name, tensor.data])));
  return program;
}

type Method = keyof typeof kernels;

interface Sample {
  /** [SIZE, SIZE, 3] */
  bytes: Uint8Array;
  label: number;
}

function resized(photos: readonly (Photo & { label: number })[], method: Method): Sample[] {
  const crop = { short: 256, size: SIZE, kernel: kernels[method] };
  return photos.map((photo) => ({ bytes: resizeAndCrop(photo, crop), label: photo.label }));
}

function labelledPhotos(): Promise<(Photo & { label: number })[]> {
  const lines = readFileSync(join(photos, 'labels.csv'), 'utf8').trim().split('\n').slice(1);
  return Promise.all(
    lines.map(async (line) => {
      const [file, label] = line.split(',') as [string, string];
      // Training pipelines use the numbers as they are encoded.
      const decoded = sharp(join(photos, file), { ignoreIcc: true })
        .toColourspace('srgb')
        .removeAlpha()
        .raw();
      const { data: bytes, info } = await decoded.toBuffer({ resolveWithObject: true });
      return { data: new Uint8Array(bytes), width: info.width, height: info.height, label: Number(label) };
    }),
  );
}

/** How many classes score higher than the right one, for each photo. */
function ranksOf(program: Program, samples: readonly Sample[]): number[] {
  const ranks: number[] = [];
  for (let start = 0; start < samples.length; start += BATCH) {
    const batch = samples.slice(start, start + BATCH);
    const images = new Uint8Array(BATCH * PIXELS);
    batch.forEach(({ bytes }, i) => images.set(bytes, i * PIXELS));
    const { logits } = program.run('classify', { images });
    batch.forEach(({ label }, i) => {
      const scores = logits!.slice(i * 1000, (i + 1) * 1000);
      ranks.push(scores.filter((score) => score > scores[label]!).length);
    });
  }
  return ranks;
}
