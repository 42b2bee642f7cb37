import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type PhotoPrediction, readPredictions } from '@resizer-lab/study';
import type { Cell, CellContext } from '@resizer-lab/suite';
import { describe, expect, it } from 'vitest';
import { cellsOf } from './cells.ts';
import type { CellConfig } from './config.ts';
import { quality } from './index.ts';
import { agreementOf } from './measurements.ts';
import { predictionSchema } from './predictions.ts';
import { ownFolder } from '@resizer-lab/study/testing';
import { configOf } from './testing.fixture.ts';

const photos = [
  'kind: scores',
  'path: photos',
  'tables: { train: train.csv, test: test.csv }',
  'photo: name',
  'score: { column: mean, scale: [0, 100] }',
];

/** The cells of a config of few synthetic pictures, each by its role or arm. */
async function cells(): Promise<Map<string, Cell<CellConfig>>> {
  const config = await configOf({
    [`data:\n  ${photos.join('\n  ')}`]: 'data: { kind: synthetic, version: positive, train: 16, test: 12 }',
    '{ name: mobilenetv2_0.35, weights: mobilenet.safetensors }': 'name: mobilenetv2_0.35',
    'duration: 20 steps': 'duration: 1 step',
  });
  return new Map(
    cellsOf(config, [1]).map((spec) => [
      spec.config.arm,
      { ...spec, key: spec.config.arm, study: 'quality', data: {}, needs: {} },
    ]),
  );
}

describe('a cell of the quality study', () => {
  it('trains by distributions, and leaves a prediction of each photo that its measures are made of', async () => {
    const root = await ownFolder();
    const context = (name: string): CellContext => ({
      directory: join(root, name),
      dataRoot: root,
      signal: new AbortController().signal,
      need: () => join(root, 'baseline'),
      progress: () => undefined,
    });
    const all = await cells();
    for (const name of ['baseline', 'learned']) {
      await mkdir(join(root, name));
      const measured = quality.measurements.parse(await quality.run(all.get(name)!, context(name)));
      const predictions = await readPredictions(join(root, name), predictionSchema);
      expect(predictions.map(({ photo }: PhotoPrediction) => photo)).toEqual(
        Array.from({ length: 12 }, (_, i) => `synthetic/positive/test/${i}`),
      );
      expect(measured).toMatchObject({ photos: 12, trainingPhotos: 16, ...agreementOf(predictions) });
      expect(measured.probes === null).toBe(name === 'baseline');
      for (const { shares, predicted, truth } of predictions) {
        expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
        expect(predicted).toBeCloseTo(
          shares.reduce((sum, share, i) => sum + share * (i + 1), 0),
          4,
        );
        expect(truth >= 1 && truth <= 10).toBe(true);
      }
    }
  });
});
