import type { Batch } from '@resizer-lab/datasets';
import {
  type FunctionSpec,
  int32,
  type Program,
  type Tensor1D,
  type Tensor4D,
  tf,
  toFloat,
  uint8,
  valueAndGradients,
} from '@resizer-lab/engine';
import { type Parameters, Scope } from '@resizer-lab/layers';
import { RESIZER_SCOPE } from '@resizer-lab/resizer';
import { type BatchShape, crossEntropy } from '@resizer-lab/training';
import type { Model } from './model.ts';
import type { Probes } from './probes-schema.ts';

/** Names of a model's trainable resizer parameters. */
export function resizerWeights(parameters: Parameters): string[] {
  return [...parameters.values()]
    .filter(({ name, trainable }) => trainable && name.startsWith(`${RESIZER_SCOPE}/`))
    .map(({ name }) => name);
}

/** Function of a program: arguments `images` and `labels` of one batch; outputs what the probes look at. */
export function probeStep(
  model: Model,
  { batch, size }: BatchShape,
  weights: readonly string[],
): FunctionSpec {
  return {
    inputs: { images: uint8(batch, ...size, 3), labels: int32(batch) },
    body({ images, labels }, variables) {
      const net = new Scope({ variables, training: false });
      const photos = toFloat(images as Tensor4D);
      const { gradients } = valueAndGradients(
        () => crossEntropy(model.logits(net, photos), labels as Tensor1D, 0),
        weights.map((name) => variables.read(name)),
      );
      const norms = weights.map((name, i) => [`gradient ${name}`, tf.norm(gradients[i]!)] as const);
      return {
        output: model.resized(net, photos),
        interpolated: model.interpolated(photos),
        input: model.preprocess(photos),
        ...Object.fromEntries(norms),
      };
    },
  };
}

/**
 * Looks at a trained resizer.
 * @param before values of the resizer's weights before training
 */
export function probe(
  program: Program,
  { images, labels }: Batch,
  { before, shape }: { before: ReadonlyMap<string, Float32Array>; shape: { target: number; batch: number } },
): Probes {
  const result = program.run('probe', { images, labels });
  const output = result['output'] as Float32Array;
  const input = result['input'] as Float32Array;
  const after = program.read([...before.keys()]);
  const { target, batch } = shape;
  const pixels = output.length / batch / 3;
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
