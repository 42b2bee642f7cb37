import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import { tf } from '@resizer-lab/engine';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluate, judgeClass, train, type TrainOptions } from './index.ts';
import { readJsonLines } from './records/index.ts';
import { objective, openPictures, testLoader, toy, trainLoader } from './toy.fixture.ts';

const dataset = await openPictures();
const loaders = { train: trainLoader(dataset, 1), test: testLoader(dataset) };
const { program, shapes, start } = toy();
afterAll(async () => {
  program.dispose();
  await Promise.all([loaders.train.close(), loaders.test.close()]);
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'train-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Two epochs of four steps. */
const STEPS = 8;

/** Trains in a folder of its own as a fresh process would: the variables hold where training starts. */
async function run(name: string, options: Partial<TrainOptions> = {}): Promise<void> {
  program.assign(start);
  mkdirSync(join(folder, name), { recursive: true });
  await train({
    program,
    shapes,
    loader: loaders.train,
    objective,
    duration: { epochs: 2 },
    schedule: { rate: 0.1, decay: { factor: 0.5, everyEpochs: 1 } },
    checkpointEvery: { steps: 3 },
    seed: 1,
    directory: join(folder, name),
    evaluate: async () => {
      const predictions = await evaluate(program, loaders.test, { judge: judgeClass });
      return { loss: predictions.reduce((sum, { loss }) => sum + loss, 0) / predictions.length };
    },
    photoNames: (indices) => [...indices].map((index) => `photo ${index}`),
    ...options,
  });
}

/** All that a run leaves: the bytes of its metrics, and the bits of every variable. */
const outcome = (name: string) => ({
  metrics: readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8'),
  variables: [...program.read()].map(([variable, data]) => [
    variable,
    Buffer.from(data.buffer).toString('hex'),
  ]),
});

const checkpoints = (name: string) => readdirSync(join(folder, name, 'checkpoints')).sort();
const file = (step: number) => `step-00000000${step}.safetensors`;

/** What a process does that dies in the middle of a step: it stops there, and saves nothing. */
class Killed extends Error {}
const dieAt = (step: number): Partial<TrainOptions> => ({
  onProgress: (update) => {
    if (update.step === step) throw new Killed();
  },
});

describe('a training run', () => {
  it('records loss and rate of each step, an evaluation an epoch, and keeps the last checkpoints', async () => {
    const told: number[][] = [];
    await run('a', {
      onProgress: ({ step, steps, epoch, epochs, images }) => told.push([step, steps, epoch, epochs, images]),
    });
    const entries = readJsonLines(join(folder, 'a', 'metrics.jsonl'));
    expect(entries.map(({ step, epoch, rate }) => [step, epoch, rate])).toEqual([
      ...[1, 2, 3, 4].map((step) => [step, 0, 0.1]),
      [4, 0, undefined],
      ...[5, 6, 7, 8].map((step) => [step, 1, 0.05]),
      [8, 1, undefined],
    ]);
    expect(entries.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    expect(told).toEqual(Array.from({ length: 8 }, (_, i) => [i + 1, 8, i < 4 ? 1 : 2, 2, 8 * (i + 1)]));
    expect(checkpoints('a')).toEqual([file(6), file(8)]);
    expect(readdirSync(join(folder, 'a')).sort()).toEqual([
      'checkpoints',
      'events',
      'metrics.jsonl',
      'timing.jsonl',
    ]);
  });

  it('started again when it is finished changes nothing', async () => {
    await run('a');
    const before = outcome('a');
    await run('a', dieAt(1));
    expect(outcome('a')).toEqual(before);
  });

  it.each([{ steps: 1 }, { steps: 3 }, { epochs: 1 }])(
    'with a checkpoint every %o, killed at any step or in any evaluation and started again, ends with the same bits',
    async (checkpointEvery) => {
      await run('whole', { checkpointEvery });
      const whole = outcome('whole');
      for (let step = 1; step <= STEPS; step++) {
        const name = `killed ${step}`;
        await expect(run(name, { checkpointEvery, ...dieAt(step) })).rejects.toThrow(Killed);
        await run(name, { checkpointEvery });
        expect(outcome(name)).toEqual(whole);
      }
      const die = () => Promise.reject(new Killed());
      await expect(run('evaluating', { checkpointEvery, evaluate: die })).rejects.toThrow(Killed);
      await run('evaluating', { checkpointEvery });
      expect(outcome('evaluating')).toEqual(whole);
    },
  );

  it('killed again and again ends with the same bits', async () => {
    await run('whole');
    const whole = outcome('whole');
    for (const step of [2, 5, 5, 7, 8]) await expect(run('often', dieAt(step))).rejects.toThrow(Killed);
    await run('often');
    expect(outcome('often')).toEqual(whole);
  });

  it('whose newest checkpoint is damaged goes back to the one before', async () => {
    await run('whole');
    const whole = outcome('whole');
    await expect(run('damaged', dieAt(8))).rejects.toThrow(Killed);
    expect(checkpoints('damaged')).toEqual([file(3), file(6)]);
    truncateSync(join(folder, 'damaged', 'checkpoints', file(6)), 1000);
    const steps: number[] = [];
    await run('damaged', { onProgress: ({ step }) => steps.push(step) });
    expect(steps).toEqual([4, 5, 6, 7, 8]);
    expect(outcome('damaged')).toEqual(whole);
  });

  it.each([1, 4, 6])('told to stop at step %i saves that step, and goes on from it', async (stopAt) => {
    await run('whole');
    const whole = outcome('whole');
    const stop = new AbortController();
    const path = join(folder, 'stopped', 'checkpoints', file(stopAt));
    const onProgress: TrainOptions['onProgress'] = ({ step }) => {
      if (step === stopAt) stop.abort();
    };
    await expect(run('stopped', { signal: stop.signal, onProgress })).rejects.toThrow(
      new UserError(`Stopped at step ${stopAt} of 8; the same command goes on from ${path}.`),
    );
    const steps: number[] = [];
    await run('stopped', { onProgress: ({ step }) => steps.push(step) });
    expect(steps[0]).toBe(stopAt + 1);
    expect(outcome('stopped')).toEqual(whole);
  });

  it('of another seed is not mixed with this one', async () => {
    await expect(run('a', dieAt(5))).rejects.toThrow(Killed);
    const path = join(folder, 'a', 'checkpoints', file(3));
    await expect(run('a', { seed: 2 })).rejects.toThrow(new UserError(`${path} is of seed 1, not 2.`));
  });

  it('makes no native tensor that it does not free', async () => {
    const { binding } = tf.backend() as unknown as { binding: { getNumOfTensors(): number } };
    await run('first');
    const before = { native: binding.getNumOfTensors(), ours: tf.memory().numTensors };
    await run('second');
    expect({ native: binding.getNumOfTensors(), ours: tf.memory().numTensors }).toEqual(before);
  });
});

describe('a run that diverges', () => {
  it('stops with the step, the epoch, the photos and the last good checkpoint', async () => {
    let photos: string[] = [];
    const photoNames = (indices: Int32Array) => (photos = [...indices].map((index) => `photo ${index}`));
    await expect(run('a', dieAt(5))).rejects.toThrow(Killed);
    const poison: TrainOptions['onProgress'] = ({ step }) => {
      if (step === 5) program.assign(new Map([['head/bias', Float32Array.of(NaN, 0)]]));
    };
    const message = await run('a', { onProgress: poison, photoNames }).catch((error: Error) => error.message);
    expect(photos).toHaveLength(8);
    expect(message).toBe(
      `Training diverged: the loss is NaN at step 6 (epoch 2), batch ${photos.slice(0, 4).join(', ')}, … (8 photos). ` +
        `Last good checkpoint: ${join(folder, 'a', 'checkpoints', file(3))}. A lower learning rate may help.`,
    );
    expect(checkpoints('a')).toEqual([file(3)]);
  });

  it('does not save weights that are not finite, which the loss does not tell before the next step', async () => {
    const poison: TrainOptions['onProgress'] = () => {
      program.assign(new Map([['head/bias', Float32Array.of(0, -Infinity)]]));
    };
    await expect(run('a', { onProgress: poison, checkpointEvery: { steps: 1 } })).rejects.toThrow(
      'Training diverged: head/bias holds -Infinity after step 1. Last good checkpoint: none.',
    );
    expect(readdirSync(join(folder, 'a'))).not.toContain('checkpoints');
  });

  it('in the last step of an epoch is told before the evaluation', async () => {
    const poison: TrainOptions['onProgress'] = ({ step }) => {
      if (step === 4) program.assign(new Map([['head/bias', Float32Array.of(0, Infinity)]]));
    };
    await expect(run('a', { onProgress: poison })).rejects.toThrow(
      `Training diverged: head/bias holds Infinity after step 4. Last good checkpoint: ${join(folder, 'a', 'checkpoints', file(3))}.`,
    );
  });
});
