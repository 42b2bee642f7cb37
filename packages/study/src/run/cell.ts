import type { DatasetConfig, Loader, Manifest } from '@resizer-lab/datasets';
import { countParameters } from '@resizer-lab/layers';
import type { CellContext } from '@resizer-lab/suite';
import { evaluate, train } from '@resizer-lab/training';
import type { TrainedCell } from '../cell.ts';
import { openPhotos } from '../inputs.ts';
import type { CellMeasurements, OtherStatistics } from '../measurements.ts';
import { type PhotoPrediction, writePredictions } from '../predictions.ts';
import { multiplyAddsOfModel } from './model.ts';
import { probe, resizerConvolutions } from './probes.ts';
import { filled, PREDICT_BY_BATCH, reestimate } from './statistics.ts';
import type { Task } from './task.ts';
import { saveWeights, startValues } from './weights.ts';
import { endWork, type Work, workOf } from './work.ts';

/**
 * Runs one cell: trains a backbone behind a resizer, from where its config says, and evaluates it.
 * Leaves predictions, weights, metrics and checkpoints in the cell's folder.
 * @returns the cell's measurements: those of all studies, and the task's own
 */
export async function runTrainedCell<Judgement extends object, Measured extends object>(
  config: TrainedCell,
  context: CellContext,
  task: Task<Judgement, Measured>,
): Promise<CellMeasurements & Measured & { statistics: OtherStatistics<Measured> | null }> {
  const dataset = await openPhotos(config.data as DatasetConfig, context.dataRoot);
  const work = workOf(config, dataset, task);
  try {
    const head = work.model.backbone.headName;
    work.program.assign(await startValues({ ...work, head }, context));
    const before = work.program.read(work.probed);
    // A run that was killed after its last step has nothing left to train, and nothing predicted.
    const predictions = (await trainCell(work, context, task)) ?? (await predict(work, task));
    await writePredictions(context.directory, predictions);
    await saveWeights(context.directory, work);
    const probes = before.size > 0 ? await probeCell(work, before, task) : null;
    const measured = { ...summary(work, task), ...task.measure(predictions), probes };
    return { ...measured, statistics: await byOtherStatistics(work, task) };
  } finally {
    await endWork(work);
  }
}

/** Trains; returns what the trained model predicts, if any step was left to make. */
async function trainCell<Judgement extends object, Measured extends object>(
  work: Work,
  context: CellContext,
  task: Task<Judgement, Measured>,
): Promise<Prediction<Judgement>[] | undefined> {
  const { config, program, shapes, loaders, dataset } = work;
  const { training, duration, rate, seed } = config;
  if (duration === null) return undefined;
  const photos = dataset.manifest.splits.train;
  let predictions: Prediction<Judgement>[] | undefined;
  await train({
    program,
    shapes,
    loader: loaders.train,
    objective: task.objective,
    duration,
    schedule: { rate, decay: training.decay },
    checkpointEvery: training.checkpointEvery,
    seed,
    directory: context.directory,
    evaluate: async () => {
      predictions = await predict(work, task);
      return task.curve(predictions);
    },
    photoNames: (indices) => [...indices].map((index) => photos[index]?.path ?? `#${index}`),
    onProgress: (update) => context.progress(update),
    signal: context.signal,
  });
  return predictions;
}

type Prediction<Judgement> = PhotoPrediction & Judgement;

/** What the model says of each test photo. */
async function predict<Judgement extends object>(
  { program, loaders, dataset }: Work,
  { judge }: Pick<Task<Judgement, never>, 'judge'>,
  how: { loader?: Loader; name?: string } = {},
): Promise<Prediction<Judgement>[]> {
  const photos = dataset.manifest.splits.test;
  const { loader = loaders.test, ...options } = how;
  const judged = await evaluate(program, loader, {
    ...options,
    judge(logits, { batch, place }) {
      const photo = photos[batch.indices[place]!]!.path;
      return { prediction: { photo, ...judge(logits, { batch, place }) } };
    },
  });
  return judged.map(({ prediction }) => prediction);
}

function summary(
  { config, dataset, parameters }: Work,
  { outputs }: { outputs: (manifest: Manifest) => number },
): Omit<CellMeasurements, 'probes'> {
  const { splits, dropped } = dataset.manifest;
  return {
    photos: splits.test.length,
    trainingPhotos: splits.train.length,
    dropped: dropped.length,
    parameters: countParameters(parameters.values()),
    resizerWeights: resizerConvolutions(parameters),
    multiplyAdds: multiplyAddsOfModel(config, outputs(dataset.manifest)),
  };
}

async function probeCell(
  { program, loaders, config: { target } }: Work,
  before: ReadonlyMap<string, Float32Array>,
  { plainObjective: objective }: Pick<Task<never, never>, 'plainObjective'>,
): Promise<CellMeasurements['probes']> {
  for await (const batch of loaders.test.epoch(0))
    return probe(program, batch, { objective, before, target });
  throw new Error('the test split has no batch');
}

/** The same measured with other batch-norm statistics; leaves the re-estimated ones in the program. */
async function byOtherStatistics<Judgement extends object, Measured extends object>(
  work: Work,
  task: Task<Judgement, Measured>,
): Promise<OtherStatistics<Measured> | null> {
  const { reestimateBatches } = work.config.training;
  if (reestimateBatches === null) return null;
  const loader = filled(work.loaders.mixed);
  const batch = task.measure(await predict(work, task, { loader, name: PREDICT_BY_BATCH }));
  await reestimate(work.program, work.loaders.train, reestimateBatches);
  return { batch, reestimated: task.measure(await predict(work, task)) };
}
