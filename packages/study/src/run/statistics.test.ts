import type { Batch, Loader } from '@resizer-lab/datasets';
import { compile, globalAveragePool, type Tensor4D, tf, uint8 } from '@resizer-lab/engine';
import { batchNorm, initialValues, parametersOf } from '@resizer-lab/layers';
import type { Network } from '@resizer-lab/training';
import { describe, expect, it } from 'vitest';
import { filled, PREDICT_BY_BATCH, reestimate, statisticsSteps } from './statistics.ts';

/** Batch norm of the photos, averaged: with the batch's own statistics each channel has mean 0. */
const network: Network = (net, images) => globalAveragePool(batchNorm(net, 'bn', images, { epsilon: 1e-3 }));

const BATCH = 4;
const SIZE = [1, 1] as const;

function batchOf(values: readonly number[]): Batch {
  const photos = values.length;
  return {
    // A grey pixel a photo.
    images: Uint8Array.from({ length: BATCH * 3 }, (_, i) => values[Math.floor(i / 3)] ?? 0),
    labels: new Int32Array(BATCH),
    scores: new Float32Array(0),
    mask: Float32Array.from({ length: BATCH }, (_, i) => (i < photos ? 1 : 0)),
    indices: Int32Array.from({ length: BATCH }, (_, i) => (i < photos ? i : -1)),
  };
}

function loaderOf(epochs: readonly Batch[][]): Loader {
  return {
    steps: epochs[0]!.length,
    async *epoch(epoch) {
      yield* await Promise.resolve(epochs[epoch]!);
    },
    close: () => Promise.resolve(),
  };
}

const parameters = parametersOf(
  (net, images: Tensor4D) => network(net, tf.cast(images, 'float32')),
  [uint8(BATCH, ...SIZE, 3)],
);
const program = compile(
  new Map([...parameters.values()].map(({ name, shape }) => [name, shape])),
  statisticsSteps(network, { batch: BATCH, size: SIZE }),
);
program.assign(initialValues(parameters, 1));

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
/** With N − 1, as the native batch norm has it. */
const variance = (values: readonly number[]) =>
  values.reduce((sum, x) => sum + (x - mean(values)) ** 2, 0) / (values.length - 1);

describe('batch-norm statistics', () => {
  it('of the batch give predictions, and change nothing', () => {
    const before = program.read();
    const values = [10, 20, 60, 110];
    const { images } = batchOf(values);
    const logits = program.run(PREDICT_BY_BATCH, { images })['logits']!;
    const deviation = Math.sqrt((variance(values) * 3) / 4 + 1e-3);
    values.forEach((value, i) => expect(logits[i * 3]).toBeCloseTo((value - mean(values)) / deviation, 4));
    expect(program.read()).toEqual(before);
  });

  it('are estimated again as the mean over as many batches as asked for, over epochs', async () => {
    const batches = [
      [10, 20, 60, 110],
      [0, 255, 3, 8],
      [90, 90, 91, 95],
    ];
    const [a, b, c] = batches.map(batchOf);
    await reestimate(
      program,
      loaderOf([
        [a!, b!],
        [c!, a!],
      ]),
      3,
    );
    const values = program.read();
    expect(values.get('bn/moving_mean')![0]).toBeCloseTo(mean(batches.map(mean)), 3);
    expect(values.get('bn/moving_variance')![2]! / mean(batches.map(variance))).toBeCloseTo(1, 5);
    expect(values.get('bn/gamma')).toEqual(Float32Array.of(1, 1, 1));
  });

  it('of a batch with empty places are those of its photos', async () => {
    for await (const { images, mask } of filled(loaderOf([[batchOf([7, 9, 40])]])).epoch(0)) {
      expect([...images].filter((_, i) => i % 3 === 0)).toEqual([7, 9, 40, 7]);
      expect([...mask]).toEqual([1, 1, 1, 0]);
    }
  });
});
