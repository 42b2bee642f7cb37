import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import type { Loader } from '@resizer-lab/datasets';
import type { Program } from '@resizer-lab/engine';
import { type Duration, stepsOf } from './duration.ts';
import {
  type Checkpoint,
  checkpointFolder,
  openEventFile,
  openJsonLines,
  type ProgressUpdate,
} from './records/index.ts';
import type { Objective } from './objective.ts';
import { rateAt, type Schedule } from './schedule.ts';
import { type Position, restoreState, saveState, verifyState } from './state.ts';

export interface TrainOptions {
  /** With a function `train` (see `trainStep`), its variables set to where training starts. */
  program: Program;
  /** Shapes of the program's variables, all of which go into checkpoints. */
  shapes: ReadonlyMap<string, readonly number[]>;
  loader: Loader;
  /** The one that the function `train` was made with. */
  objective: Objective;
  duration: Duration;
  schedule: Schedule;
  checkpointEvery: Duration;
  /** Of the loader's order and augmentation. */
  seed: number;
  /** Where metrics, event files and checkpoints go. */
  directory: string;
  /** Values to record at the end of each epoch. */
  evaluate: () => Promise<Record<string, number>>;
  /** Names of the photos at places of the split, for messages. */
  photoNames: (indices: Int32Array) => string[];
  onProgress?: (update: ProgressUpdate) => void;
  /** Aborting it ends the run after the step under way, with a checkpoint. */
  signal?: AbortSignal;
}

/**
 * Trains, from the last checkpoint in the directory if there is one. A run that was killed and is
 * started again ends with the same bits as one that never stopped.
 * @throws UserError when the loss or a weight is not finite, or a checkpoint cannot be written
 */
export async function train(options: TrainOptions): Promise<void> {
  const { program, shapes, loader, objective, schedule, seed, directory, signal } = options;
  const steps = stepsOf(options.duration, loader.steps);
  const checkpointSteps = stepsOf(options.checkpointEvery, loader.steps);

  const checkpoints = checkpointFolder(join(directory, 'checkpoints'), { verify: verifyState });
  const { checkpoint } = await checkpoints.latest();
  const start = checkpoint ? await restoreState(checkpoint.path, program, shapes) : { ...beginning, seed };
  if (start.seed !== seed) throw new UserError(`${checkpoint?.path} is of seed ${start.seed}, not ${seed}.`);

  const metrics = openJsonLines(join(directory, 'metrics.jsonl'), { keep: start.metricsLines });
  const timing = openJsonLines(join(directory, 'timing.jsonl'));
  const events = openEventFile(join(directory, 'events'), { from: start.step + 1 });
  const save = async (step: number) => {
    await stopIfDiverged(step);
    metrics.sync();
    const position = { step, seed, metricsLines: metrics.lines };
    return checkpoints.save(step, (path) => saveState(path, program, { shapes, position }));
  };
  /** A finite loss says only that the weights before the step were sound. */
  const stopIfDiverged = async (step: number) => {
    const broken = nonFinite(program.read([...shapes.keys()]));
    if (broken === undefined) return;
    throw diverged(`${broken} after step ${step}`, (await checkpoints.latest()).checkpoint);
  };
  const stopIfAsked = async (step: number) => {
    if (!signal?.aborted) return;
    const { path } = await save(step);
    throw new UserError(`Stopped at step ${step} of ${steps}; the same command goes on from ${path}.`);
  };

  try {
    for (let step = start.step; step < steps; ) {
      const epoch = Math.floor(step / loader.steps);
      const epochEnd = Math.min(steps, (epoch + 1) * loader.steps);
      const rate = rateAt(schedule, epoch);
      const began = { step, time: performance.now() };

      for await (const batch of loader.epoch(epoch, { fromStep: step % loader.steps })) {
        const given = { images: batch.images, ...objective.targetsOf(batch), rate };
        const loss = program.run('train', given)['loss']![0]!;
        step++;
        if (!Number.isFinite(loss)) {
          const photos = listed(options.photoNames(batch.indices));
          const where = `the loss is ${loss} at step ${step} (epoch ${epoch + 1}), batch ${photos}`;
          throw diverged(where, (await checkpoints.latest()).checkpoint);
        }
        metrics.append({ step, epoch, loss, rate });
        events.scalars(step, { 'train/loss': loss, 'train/rate': rate });
        const images = (step - start.step) * batch.mask.length;
        const epochs = Math.ceil(steps / loader.steps);
        options.onProgress?.({ step, steps, epoch: epoch + 1, epochs, loss, images });
        if (step === epochEnd) break;
        if (step % checkpointSteps === 0) await save(step);
        await stopIfAsked(step);
      }
      timing.append({ step, steps: step - began.step, seconds: (performance.now() - began.time) / 1000 });

      await stopIfDiverged(step);
      const values = await options.evaluate();
      metrics.append({ step, epoch, ...values });
      events.scalars(step, values);
      if (step % checkpointSteps === 0 || step === steps) await save(step);
      await stopIfAsked(step);
    }
  } finally {
    metrics.close();
    timing.close();
    events.close();
  }
}

const beginning: Omit<Position, 'seed'> = { step: 0, metricsLines: 0 };

function diverged(what: string, last: Checkpoint | undefined): UserError {
  return new UserError(
    `Training diverged: ${what}. Last good checkpoint: ${last?.path ?? 'none'}. ` +
      'A lower learning rate may help.',
  );
}

function listed(photos: readonly string[]): string {
  return photos.slice(0, 4).join(', ') + (photos.length > 4 ? `, … (${photos.length} photos)` : '');
}

/** The first variable with a value that is no finite number, in words. */
function nonFinite(values: ReadonlyMap<string, Float32Array>): string | undefined {
  for (const [name, data] of values) {
    const value = data.find((x) => !Number.isFinite(x));
    if (value !== undefined) return `${name} holds ${value}`;
  }
  return undefined;
}
