import { join } from 'node:path';
import {
  createLoader,
  type Dataset,
  type DatasetConfig,
  type Loader,
  weightsRoot,
} from '@resizer-lab/datasets';
import { compile, type Program, type Tensor4D, toFloat, uint8 } from '@resizer-lab/engine';
import {
  countParameters,
  initialValues,
  matchWeights,
  type Parameters,
  parametersOf,
  readSafetensors,
  writeSafetensors,
} from '@resizer-lab/layers';
import { RESIZER_SCOPE } from '@resizer-lab/resizer';
import type { Cell, CellContext } from '@resizer-lab/suite';
import { evaluate, predictStep, train, trainStep, variableShapes } from '@resizer-lab/training';
import { openPhotos } from './cells.ts';
import type { CellConfig } from './config.ts';
import type { Measurements } from './measurements.ts';
import { type Model, modelOf } from './model.ts';
import { type PhotoPrediction, writePredictions } from './predictions.ts';
import { probe, probeStep, resizerWeights } from './probes.ts';

/** File of a cell's trained parameters. */
const WEIGHTS = 'weights.safetensors';

/** Runs one cell: trains a backbone behind a resizer, from where its role says, and evaluates it. */
export async function runCell(cell: Cell<CellConfig>, context: CellContext): Promise<Measurements> {
  const dataset = await openPhotos(cell.config.data as DatasetConfig, context.dataRoot);
  const work = workOf(cell.config, dataset);
  try {
    work.program.assign(await startValues(work, context));
    const before = work.program.read(work.probed);
    // A run that was killed after its last step has nothing left to train, and nothing predicted.
    const predictions = (await trainCell(work, context)) ?? (await predict(work));
    await writePredictions(context.directory, predictions);
    await saveWeights(join(context.directory, WEIGHTS), work);
    return { ...summary(work, predictions), probes: before.size > 0 ? await probeCell(work, before) : null };
  } finally {
    work.program.dispose();
    await Promise.all([work.loaders.train.close(), work.loaders.test.close()]);
  }
}

/** All that a cell works with. */
interface Work {
  config: CellConfig;
  dataset: Dataset;
  loaders: { train: Loader; test: Loader };
  model: Model;
  parameters: Parameters;
  /** Shapes of the program's variables: parameters and velocities. */
  shapes: ReadonlyMap<string, readonly number[]>;
  /** The resizer's weights, where the resizer is learned. */
  probed: readonly string[];
  program: Program;
}

function workOf(config: CellConfig, dataset: Dataset): Work {
  const { training, input, resizer } = config;
  const shape = { batch: training.batch, size: [input, input] as const };
  const classes = Math.max(...dataset.manifest.classes.map(({ label }) => label)) + 1;
  const model = modelOf(config, classes);
  const parameters = parametersOf(
    (net, images: Tensor4D) => model.logits(net, toFloat(images)),
    [uint8(shape.batch, ...shape.size, 3)],
  );
  const isFrozen = (name: string) =>
    resizer.kind === 'learned' && resizer.frozen && name.startsWith(`${RESIZER_SCOPE}/`);
  const trained = [...parameters.values()]
    .filter(({ name, trainable }) => trainable && !isFrozen(name))
    .map(({ name }) => name);
  const shapes = variableShapes(parameters, trained);
  const { momentum, batchNormMomentum, labelSmoothing } = training;
  const probed = resizerWeights(parameters);
  const program = compile(shapes, {
    train: trainStep(model.logits, { ...shape, momentum, batchNormMomentum, labelSmoothing, trained }),
    predict: predictStep(model.logits, shape),
    ...(probed.length > 0 ? { probe: probeStep(model, shape, probed) } : {}),
  });
  return { config, dataset, loaders: loadersOf(config, dataset), model, parameters, shapes, probed, program };
}

function loadersOf({ training, input, seed }: CellConfig, dataset: Dataset): Work['loaders'] {
  const common = { batch: training.batch, size: [input, input] as const, seed };
  return {
    train: createLoader(dataset, {
      ...common,
      split: 'train',
      transform: training.augment,
      shuffle: true,
      dropLast: true,
    }),
    test: createLoader(dataset, { ...common, split: 'test', transform: training.evaluate, shuffle: false }),
  };
}

/**
 * Where training starts: a baseline from published weights (the head anew where the classes differ)
 * or from random ones; an arm from its baseline's checkpoint, a learned resizer from random values.
 */
async function startValues(work: Work, context: CellContext): Promise<Map<string, Float32Array>> {
  const { config, parameters, model } = work;
  const values = initialValues(parameters, config.seed);
  for (const [name, shape] of work.shapes) {
    if (!values.has(name)) values.set(name, new Float32Array(shape.reduce((a, b) => a * b, 1)));
  }
  const isResizer = (name: string) => name.startsWith(`${RESIZER_SCOPE}/`);
  const backboneWeights = [...parameters.values()].filter(({ name }) => !isResizer(name));
  if (config.role === 'arm') {
    await load(values, join(context.need('baseline'), WEIGHTS), backboneWeights, []);
  } else if (config.weights !== null) {
    const head = `${model.backbone.headName}/`;
    const path = join(weightsRoot(context.dataRoot), config.weights);
    const kernel = parameters.get(`${head}kernel`);
    const keepsHead = kernel?.shape[1] === 1000;
    const wanted = backboneWeights.filter(({ name }) => keepsHead || !name.startsWith(head));
    await load(values, path, wanted, keepsHead ? [] : [head]);
  }
  return values;
}

async function load(
  values: Map<string, Float32Array>,
  path: string,
  wanted: readonly { name: string; shape: readonly number[] }[],
  ignore: readonly string[],
): Promise<void> {
  const { tensors } = await readSafetensors(path);
  for (const [name, { data }] of matchWeights(wanted, tensors, { source: path, ignore }))
    values.set(name, data);
}

/** Trains; returns what the trained model predicts, if any step was left to make. */
async function trainCell(work: Work, context: CellContext): Promise<PhotoPrediction[] | undefined> {
  const { config, program, shapes, loaders, dataset } = work;
  const { training, duration, rate, seed } = config;
  const photos = dataset.manifest.splits.train;
  let predictions: PhotoPrediction[] | undefined;
  await train({
    program,
    shapes,
    loader: loaders.train,
    duration,
    schedule: { rate, decay: training.decay },
    checkpointEvery: training.checkpointEvery,
    seed,
    directory: context.directory,
    evaluate: async () => {
      predictions = await predict(work);
      const { photos: n, top1Errors, loss } = summary(work, predictions);
      return { 'test/top1_error': top1Errors / n, 'test/loss': loss };
    },
    photoNames: (indices) => [...indices].map((index) => photos[index]?.path ?? `#${index}`),
    onProgress: (update) => context.progress(update),
    signal: context.signal,
  });
  return predictions;
}

async function predict({ program, loaders, dataset }: Work): Promise<PhotoPrediction[]> {
  const photos = dataset.manifest.splits.test;
  const predictions = await evaluate(program, loaders.test);
  return predictions.map(({ index, ...rest }) => ({ photo: photos[index]!.path, ...rest }));
}

function summary(work: Work, predictions: readonly PhotoPrediction[]): Omit<Measurements, 'probes'> {
  const { splits, dropped } = work.dataset.manifest;
  return {
    photos: predictions.length,
    trainingPhotos: splits.train.length,
    dropped: dropped.length,
    top1Errors: predictions.filter(({ rank }) => rank > 1).length,
    top5Errors: predictions.filter(({ rank }) => rank > 5).length,
    loss: predictions.reduce((sum, { loss }) => sum + loss, 0) / predictions.length,
    parameters: countParameters(work.parameters.values()),
  };
}

async function probeCell(
  work: Work,
  before: ReadonlyMap<string, Float32Array>,
): Promise<Measurements['probes']> {
  const { target, training } = work.config;
  for await (const batch of work.loaders.test.epoch(0)) {
    return probe(work.program, batch, { before, shape: { target, batch: training.batch } });
  }
  throw new Error('the test split has no batch');
}

async function saveWeights(path: string, { program, parameters }: Work): Promise<void> {
  const values = program.read([...parameters.keys()]);
  const tensors = [...parameters.values()].map(
    ({ name, shape }) => [name, { shape, data: values.get(name)! }] as const,
  );
  await writeSafetensors(path, new Map(tensors), { format: 'resizer-lab' });
}
