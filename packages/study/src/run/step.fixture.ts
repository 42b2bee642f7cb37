import { type Backbone, preprocess } from '@resizer-lab/backbones';
import { stream } from '@resizer-lab/base';
import { EagerVariables, float32, type FunctionSpec, type Tensor, tf } from '@resizer-lab/engine';
import { parametersOf } from '@resizer-lab/layers';
import { applyResizer, type ResizerSpec } from '@resizer-lab/resizer';
import {
  classObjective,
  type Network,
  trainStep,
  type TrainStepOptions,
  variableShapes,
} from '@resizer-lab/training';

/*
 * Small training steps of every backbone and arm, which run compiled and op by op.
 */

const CLASSES = 10;
const BATCH = 4;
/** Sides in pixels. The last features of each backbone are larger than one pixel, as batch norm needs it. */
const INPUT = 80;
const TARGET = 64;

/** In front of a backbone; null: nothing. */
export const resizers: Readonly<Record<string, ResizerSpec | null>> = {
  'no resizer': null,
  'a fixed resizer': { kind: 'fixed', method: 'bicubic' },
  'a learned resizer': { kind: 'learned', filters: 4 },
};

export interface Job {
  shapes: ReadonlyMap<string, readonly number[]>;
  /** Names of the parameters, without the velocities. */
  parameters: readonly string[];
  start: ReadonlyMap<string, Float32Array>;
  batch: { images: Uint8Array; labels: Int32Array };
  step: (options?: Pick<TrainStepOptions, 'gradientCheckpointing'>) => FunctionSpec;
}

export function jobOf(backbone: Backbone, resizer: ResizerSpec | null): Job {
  const network = networkOf(backbone, resizer);
  const side = resizer ? INPUT : TARGET;
  const size = [side, side] as const;
  const parameters = parametersOf(network, [float32(BATCH, ...size, 3)]);
  const trained = [...parameters.values()].filter(({ trainable }) => trainable).map(({ name }) => name);
  const shapes = variableShapes(parameters, trained);
  const objective = classObjective({ labelSmoothing: 0.1 });
  const draw = stream(1, 'images');
  return {
    shapes,
    parameters: [...parameters.keys()],
    start: new Map([...shapes].map(([name, shape]) => [name, startOf(name, shape)])),
    batch: {
      images: Uint8Array.from({ length: BATCH * side * side * 3 }, () => 256 * draw.uniform()),
      labels: Int32Array.of(3, 7, 0, 3),
    },
    step: (options) =>
      trainStep(network, { batch: BATCH, size, objective, momentum: 0.9, trained, ...options }),
  };
}

const networkOf =
  (backbone: Backbone, resizer: ResizerSpec | null): Network =>
  (net, images) => {
    let x = preprocess(images, backbone.preprocessing);
    if (resizer) x = applyResizer(net, x, { resizer, target: [TARGET, TARGET] });
    return backbone.head(net, backbone.features(net, x), CLASSES);
  };

/** The losses of some steps made op by op, and the values of the variables after them. */
export function stepsOpByOp(job: Job, { steps, rate }: { steps: number; rate: number }) {
  const { body, inputs } = job.step();
  const tensors = () =>
    Object.entries({ ...job.batch, rate: Float32Array.of(rate) }).map(([name, values]) => {
      const { shape } = inputs[name]!;
      const dtype = values instanceof Float32Array ? 'float32' : 'int32';
      return [name, tf.tensor(values, [...shape], dtype)] as [string, Tensor];
    });
  const variables = new EagerVariables(
    new Map([...job.start].map(([name, data]) => [name, { shape: job.shapes.get(name)!, data }])),
  );
  const losses = Array.from({ length: steps }, () => {
    const loss = tf.tidy(() => body(Object.fromEntries(tensors()), variables)['loss']!.dataSync()[0]!);
    variables.commit();
    return loss;
  });
  const values = new Map(
    [...job.shapes.keys()].map((name) => [name, variables.read(name).dataSync() as Float32Array]),
  );
  variables.dispose();
  return { losses, values };
}

/** The names of the tensors that differ, and the largest difference of a tensor over its norm. */
export function compare(
  names: readonly string[],
  a: ReadonlyMap<string, Float32Array>,
  b: ReadonlyMap<string, Float32Array>,
): { differing: string[]; largest: number } {
  const distances = names.map((name) => distance(a.get(name)!, b.get(name)!));
  return { differing: names.filter((_, i) => distances[i] !== 0), largest: Math.max(...distances) };
}

function distance(a: Float32Array, b: Float32Array): number {
  let [difference, norm] = [0, 0];
  a.forEach((x, i) => {
    difference += (x - b[i]!) ** 2;
    norm += x ** 2;
  });
  return difference === 0 ? 0 : Math.sqrt(difference / norm);
}

/**
 * No parameter starts at zero: one that theory leaves there, such as a shift in front of a batch norm,
 * would be nothing but rounding errors after a step.
 */
function startOf(name: string, shape: readonly number[]): Float32Array {
  const draw = stream(1, 'values', name);
  const count = shape.reduce((a, b) => a * b, 1);
  const noise = Float32Array.from({ length: Math.min(count, 1009) }, () => 2 * draw.uniform() - 1);
  const [scale, offset] = distributionOf(name, shape);
  return Float32Array.from({ length: count }, (_, i) => offset + scale * noise[i % noise.length]!);
}

function distributionOf(name: string, shape: readonly number[]): [scale: number, offset: number] {
  if (name.endsWith('/momentum')) return [0, 0];
  if (/gamma$|variance$/.test(name)) return [0.2, 1];
  if (shape.length === 1) return [0.1, 0];
  const window = shape.slice(0, /depthwise/.test(name.split('/').at(-1)!) ? 2 : -1);
  return [Math.sqrt(6 / window.reduce((a, b) => a * b, 1)), 0];
}
