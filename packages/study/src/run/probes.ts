import type { Batch } from '@resizer-lab/datasets';
import {
  type FunctionSpec,
  type Program,
  type Tensor4D,
  tf,
  toFloat,
  uint8,
  valueAndGradients,
} from '@resizer-lab/engine';
import { countParameters, type Parameters, Scope } from '@resizer-lab/layers';
import { RESIZER_SCOPE } from '@resizer-lab/resizer';
import type { BatchShape, Objective } from '@resizer-lab/training';
import type { Probes } from '../measurements.ts';
import type { Model } from './model.ts';

/** Names of a model's trainable resizer parameters. */
export function resizerWeights(parameters: Parameters): string[] {
  return [...parameters.values()]
    .filter(({ name, trainable }) => trainable && name.startsWith(`${RESIZER_SCOPE}/`))
    .map(({ name }) => name);
}

/** How many numbers the convolutions of a model's resizer hold. */
export function resizerConvolutions(parameters: Parameters): number {
  const own = [...parameters.values()].filter(({ name }) => name.startsWith(`${RESIZER_SCOPE}/`));
  return countParameters(own.filter(({ shape }) => shape.length === 4));
}

export interface ProbeOptions extends BatchShape {
  objective: Objective;
  /** Names of the resizer's weights. */
  weights: readonly string[];
}

/** Function of a program: arguments `images` and the targets of one batch; outputs what the probes look at. */
export function probeStep(model: Model, { batch, size, objective, weights }: ProbeOptions): FunctionSpec {
  return {
    inputs: { images: uint8(batch, ...size, 3), ...objective.targets(batch) },
    body({ images, ...targets }, variables) {
      const net = new Scope({ variables, training: false });
      const photos = toFloat(images as Tensor4D);
      const { gradients } = valueAndGradients(
        () => objective.loss(model.logits(net, photos), targets),
        weights.map((name) => variables.read(name)),
      );
      const norms = weights.map((name, i) => [`gradient ${name}`, tf.norm(gradients[i]!)] as const);
      return {
        output: model.resized(net, photos),
        interpolated: model.interpolated(photos),
        input: model.prepared(photos),
        ...Object.fromEntries(norms),
      };
    },
  };
}

/** How a program is probed. */
export interface Probing {
  objective: Objective;
  /** Values of the resizer's weights before training. */
  before: ReadonlyMap<string, Float32Array>;
  target: number;
}

/** Looks at a trained resizer on one batch. */
export function probe(program: Program, batch: Batch, { objective, before, target }: Probing): Probes {
  const result = program.run('probe', { images: batch.images, ...objective.targetsOf(batch) });
  const output = result['output'] as Float32Array;
  const input = result['input'] as Float32Array;
  const after = program.read([...before.keys()]);
  const pixels = output.length / batch.mask.length / 3;
  return {
    outputShape: [target, pixels / target, 3],
    sizeIsTarget: pixels === target * target,
    differenceFromInterpolation: rootMeanSquare(output, result['interpolated'] as Float32Array),
    differenceFromInput: input.length === output.length ? rootMeanSquare(output, input) : null,
    weights: Object.fromEntries(
      [...before].map(([name, values]) => [
        name,
        { gradient: result[`gradient ${name}`]![0]!, moved: rootMeanSquare(values, after.get(name)!) },
      ]),
    ),
  };
}

function rootMeanSquare(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum / a.length);
}
