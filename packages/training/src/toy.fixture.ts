import {
  createLoader,
  type Dataset,
  type Loader,
  openDataset,
  type SyntheticConfig,
} from '@resizer-lab/datasets';
import { compile, globalAveragePool, type Program, relu, tf, uint8 } from '@resizer-lab/engine';
import { batchNorm, conv, dense, initialValues, type Parameters, parametersOf } from '@resizer-lab/layers';
import {
  classObjective,
  type Network,
  predictStep,
  trainStep,
  type TrainStepOptions,
  variableShapes,
} from './index.ts';

/*
 * The smallest training job that has everything: synthetic pictures of 12×12, a convolution with
 * batch norm and a dense head.
 */

export const BATCH = 8;
const SIZE = [12, 12] as const;

/** conv 3×3/2 (6) → batch norm → ReLU → global average → dense (2). images: [batch, 12, 12, 3], 0 … 255. */
export const network: Network = (net, images) => {
  const x = tf.div(images, 128);
  const y = relu(
    batchNorm(net, 'bn', conv(net, 'conv', x as typeof images, { filters: 6, kernel: 3, stride: 2 })),
  );
  return dense(net, 'head', globalAveragePool(y), { units: 2 });
};

/** Of the toy, unless it is given another. */
export const objective = classObjective({ labelSmoothing: 0.1 });

/** Class by a coarse grating, which a network of this size learns in a few steps. */
const pictures: SyntheticConfig = {
  kind: 'synthetic',
  version: 'negative',
  size: 12,
  target: 4,
  train: 35,
  test: 13,
  classes: 2,
  seed: 5,
};

export const openPictures = (): Promise<Dataset> => openDataset(pictures);

/** 4 steps an epoch (three of the 35 pictures do not fill a batch), another order each. */
export function trainLoader(dataset: Dataset, seed: number): Loader {
  const transform = { fit: 'stretch', flip: true } as const;
  return createLoader(dataset, {
    split: 'train',
    batch: BATCH,
    size: SIZE,
    transform,
    seed,
    shuffle: true,
    dropLast: true,
  });
}

/** 13 pictures in two batches, the second padded. */
export function testLoader(dataset: Dataset): Loader {
  const transform = { fit: 'stretch', flip: false } as const;
  return createLoader(dataset, {
    split: 'test',
    batch: BATCH,
    size: SIZE,
    transform,
    seed: 0,
    shuffle: false,
  });
}

export interface Toy {
  program: Program;
  parameters: Parameters;
  shapes: Map<string, readonly number[]>;
  /** Where training starts. */
  start: Map<string, Float32Array>;
}

/** The network compiled; `trained` leaves out parameters that stay as they are. */
export function toy({
  frozen = [],
  ...options
}: { frozen?: string[] } & Partial<TrainStepOptions> = {}): Toy {
  const shape = { batch: BATCH, size: SIZE };
  const parameters = parametersOf(network, [uint8(BATCH, ...SIZE, 3)]);
  const trained = [...parameters.values()]
    .filter(({ name, trainable }) => trainable && !frozen.includes(name))
    .map(({ name }) => name);
  const shapes = variableShapes(parameters, trained);
  const common = { ...shape, objective, momentum: 0.9, trained, ...options };
  const program = compile(shapes, {
    train: trainStep(network, common),
    predict: predictStep(network, shape),
  });
  return { program, parameters, shapes, start: withSlots(parameters, shapes) };
}

/** The velocities too: one program makes many runs. */
function withSlots(parameters: Parameters, shapes: Toy['shapes']): Map<string, Float32Array> {
  const values = new Map(initialValues(parameters, 3));
  for (const [name, shape] of shapes) {
    if (!values.has(name)) values.set(name, new Float32Array(shape.reduce((a, b) => a * b, 1)));
  }
  return values;
}
