import { createLoader, type Dataset, type Loader, photoCache } from '@resizer-lab/datasets';
import { compile, type FunctionSpec, type Program } from '@resizer-lab/engine';
import type { Parameters } from '@resizer-lab/layers';
import { RESIZER_SCOPE } from '@resizer-lab/resizer';
import { predictStep, trainStep, variableShapes } from '@resizer-lab/training';
import type { TrainedCell } from '../cell.ts';
import { type FitConfig, transformOf } from '../config/photos.ts';
import { type Model, modelOf, parametersOfModel } from './model.ts';
import { probeStep, resizerWeights } from './probes.ts';
import { statisticsSteps } from './statistics.ts';
import type { Task } from './task.ts';

/** All that a cell works with. */
export interface Work {
  config: TrainedCell;
  dataset: Dataset;
  /** `mixed`: the test photos in random order, so that a batch is no single class. */
  loaders: { train: Loader; test: Loader; mixed: Loader };
  model: Model;
  parameters: Parameters;
  /** Shapes of the program's variables: parameters and velocities. */
  shapes: ReadonlyMap<string, readonly number[]>;
  /** The resizer's weights, where it has any. */
  probed: readonly string[];
  program: Program;
}

/** The part of a task that a program is made of. */
export type Learning = Pick<Task<never, never>, 'outputs' | 'objective' | 'plainObjective'>;

/** Compiles a cell's program and opens its loaders; nothing runs yet. */
export function workOf(config: TrainedCell, dataset: Dataset, task: Learning): Work {
  const model = modelOf(config, task.outputs(dataset.manifest));
  const parameters = parametersOfModel(model, config);
  const trained = trainedNames(config, parameters);
  const shapes = variableShapes(parameters, trained);
  const probed = resizerWeights(parameters);
  const program = compile(shapes, functionsOf(config, { task, model, trained, probed }));
  return { config, dataset, loaders: loadersOf(config, dataset), model, parameters, shapes, probed, program };
}

const shapeOf = ({ training, input }: TrainedCell) => ({
  batch: training.batch,
  size: [input, input] as const,
});

/** What moves by gradient. */
export function trainedNames(
  { resizer, frozenBackbone, duration }: Pick<TrainedCell, 'resizer' | 'frozenBackbone' | 'duration'>,
  parameters: Parameters,
): string[] {
  if (duration === null) return [];
  const frozenResizer = resizer.kind === 'learned' && resizer.frozen;
  const isFrozen = (name: string) => (name.startsWith(`${RESIZER_SCOPE}/`) ? frozenResizer : frozenBackbone);
  return [...parameters.values()]
    .filter(({ name, trainable }) => trainable && !isFrozen(name))
    .map(({ name }) => name);
}

interface Parts {
  task: Learning;
  model: Model;
  trained: readonly string[];
  probed: readonly string[];
}

/** `predict`; where they are needed `train`, `probe`, and predictions by other statistics. */
function functionsOf(config: TrainedCell, parts: Parts): Record<string, FunctionSpec> {
  const { task, model, trained, probed } = parts;
  const { momentum, batchNormMomentum, reestimateBatches, ...training } = config.training;
  const shape = shapeOf(config);
  const functions = { predict: predictStep(model.logits, shape) };
  if (config.duration !== null) {
    const gradientCheckpointing = training.gradientCheckpointing === 'blocks';
    const optimisation = { momentum, batchNormMomentum, gradientCheckpointing };
    const { objective } = task;
    const train = trainStep(model.logits, { ...shape, objective, trained, ...optimisation });
    Object.assign(functions, { train });
  }
  if (probed.length > 0) {
    const options = { ...shape, objective: task.plainObjective, weights: probed };
    Object.assign(functions, { probe: probeStep(model, options) });
  }
  if (reestimateBatches !== null) Object.assign(functions, statisticsSteps(model.logits, shape));
  return functions;
}

function loadersOf(config: TrainedCell, dataset: Dataset): Work['loaders'] {
  const common = { ...shapeOf(config), seed: config.seed, cache: photoCache() };
  const fitted = (fit: FitConfig) => transformOf(fit, config.input);
  const test = { ...common, split: 'test', transform: fitted(config.training.evaluate) } as const;
  return {
    train: createLoader(dataset, {
      ...{ ...common, split: 'train', transform: fitted(config.training.augment) },
      ...{ shuffle: true, dropLast: true },
    }),
    test: createLoader(dataset, { ...test, shuffle: false }),
    mixed: createLoader(dataset, { ...test, shuffle: true }),
  };
}

/** Gives back what {@link workOf} took. */
export async function endWork({ program, loaders }: Work): Promise<void> {
  program.dispose();
  await Promise.all(Object.values(loaders).map((loader) => loader.close()));
}
