import { createLoader, type Dataset, type Loader } from '@resizer-lab/datasets';
import { compile, type Program, type Tensor4D, toFloat, uint8 } from '@resizer-lab/engine';
import { type Parameters, parametersOf } from '@resizer-lab/layers';
import { RESIZER_SCOPE } from '@resizer-lab/resizer';
import { predictStep, trainStep, variableShapes } from '@resizer-lab/training';
import type { TrainedCell } from '../cell.ts';
import { type Model, modelOf } from './model.ts';
import { probeStep, resizerWeights } from './probes.ts';
import type { Task } from './task.ts';

/** All that a cell works with. */
export interface Work {
  config: TrainedCell;
  dataset: Dataset;
  loaders: { train: Loader; test: Loader };
  model: Model;
  parameters: Parameters;
  /** Shapes of the program's variables: parameters and velocities. */
  shapes: ReadonlyMap<string, readonly number[]>;
  /** The resizer's weights, where the resizer is learned. */
  probed: readonly string[];
  /** With the functions `train`, `predict` and, for a learned resizer, `probe`. */
  program: Program;
}

/** The part of a task that a program is made of. */
export type Learning = Pick<Task<never, never>, 'outputs' | 'objective' | 'plainObjective'>;

/** Compiles a cell's program and opens its loaders; nothing runs yet. */
export function workOf(config: TrainedCell, dataset: Dataset, task: Learning): Work {
  const { training, input, resizer } = config;
  const shape = { batch: training.batch, size: [input, input] as const };
  const model = modelOf(config, task.outputs(dataset.manifest));
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
  const { momentum, batchNormMomentum } = training;
  const gradientCheckpointing = training.gradientCheckpointing === 'blocks';
  const optimisation = { momentum, batchNormMomentum, gradientCheckpointing };
  const weights = resizerWeights(parameters);
  const { objective, plainObjective } = task;
  const program = compile(shapes, {
    train: trainStep(model.logits, { ...shape, objective, trained, ...optimisation }),
    predict: predictStep(model.logits, shape),
    ...(weights.length > 0
      ? { probe: probeStep(model, { ...shape, objective: plainObjective, weights }) }
      : {}),
  });
  const loaders = loadersOf(config, dataset);
  return { config, dataset, loaders, model, parameters, shapes, probed: weights, program };
}

function loadersOf({ training, input, seed }: TrainedCell, dataset: Dataset): Work['loaders'] {
  const common = { batch: training.batch, size: [input, input] as const, seed };
  const { augment, evaluate } = training;
  return {
    train: createLoader(dataset, {
      ...{ ...common, split: 'train', transform: augment },
      ...{ shuffle: true, dropLast: true },
    }),
    test: createLoader(dataset, { ...common, split: 'test', transform: evaluate, shuffle: false }),
  };
}

/** Gives back what {@link workOf} took. */
export async function endWork({ program, loaders }: Work): Promise<void> {
  program.dispose();
  await Promise.all([loaders.train.close(), loaders.test.close()]);
}
