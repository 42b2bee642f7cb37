import {
  type FunctionSpec,
  float32,
  type Tensor2D,
  type Tensor4D,
  toFloat,
  uint8,
  valueAndGradients,
} from '@resizer-lab/engine';
import { type Parameters, Scope } from '@resizer-lab/layers';
import type { Objective } from './objective.ts';

/** images [batch, h, w, 3] with values 0 … 255 → logits [batch, outputs]. */
export type Network = (net: Scope, images: Tensor4D) => Tensor2D;

/** Photos of one batch. */
export interface BatchShape {
  batch: number;
  /** [height, width] before any resizer. */
  size: readonly [number, number];
}

export interface TrainStepOptions extends BatchShape {
  objective: Objective;
  momentum: number;
  /** Weight of the old moving statistics in each step; default: that of each layer. */
  batchNormMomentum?: number;
  /** Blocks of the network are run again in the backward pass instead of being kept: less memory. */
  gradientCheckpointing?: boolean;
  /** The parameters that are trained by gradient. */
  trained: readonly string[];
}

/** Where the optimiser keeps the velocity of a parameter. */
export const slotOf = (parameter: string) => `${parameter}/momentum`;

/**
 * One step of SGD with momentum. Arguments: `images`, the objective's targets, `rate`; output: `loss`,
 * that of the batch before the step. Batch norm uses the batch's statistics and moves its moving ones.
 */
export function trainStep(network: Network, options: TrainStepOptions): FunctionSpec {
  const { batch, size, objective, momentum, batchNormMomentum, gradientCheckpointing, trained } = options;
  return {
    inputs: { images: uint8(batch, ...size, 3), ...objective.targets(batch), rate: float32() },
    body({ images, rate, ...targets }, variables) {
      const net = new Scope({
        variables,
        training: true,
        ...(batchNormMomentum === undefined ? {} : { batchNormMomentum }),
        ...(gradientCheckpointing === undefined ? {} : { gradientCheckpointing }),
      });
      const { value: loss, gradients } = valueAndGradients(
        () => objective.loss(network(net, toFloat(images as Tensor4D)), targets),
        trained.map((name) => variables.read(name)),
      );
      trained.forEach((name, i) => {
        const gradient = gradients[i];
        if (!gradient) throw new Error(`the loss does not depend on the parameter ${name}`);
        variables.applyMomentum(name, slotOf(name), { gradient, rate: rate!, momentum });
      });
      return { loss };
    },
  };
}

/** Logits with moving statistics. Argument: `images`; output: `logits` [batch, outputs]. */
export function predictStep(network: Network, { batch, size }: BatchShape): FunctionSpec {
  return {
    inputs: { images: uint8(batch, ...size, 3) },
    body: ({ images }, variables) => ({
      logits: network(new Scope({ variables, training: false }), toFloat(images as Tensor4D)),
    }),
  };
}

/** Shapes of all variables of a program that trains: parameters, and velocities of the trained ones. */
export function variableShapes(
  parameters: Parameters,
  trained: readonly string[],
): Map<string, readonly number[]> {
  const shapes = new Map([...parameters.values()].map(({ name, shape }) => [name, shape]));
  for (const name of trained) shapes.set(slotOf(name), parameters.get(name)!.shape);
  return shapes;
}
