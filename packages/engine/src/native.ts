import type { GradConfig, KernelConfig, NamedAttrMap, NamedTensorMap } from '@tensorflow/tfjs-core';
import { backend, binding, type OpAttribute, type Tensor, tf } from './tensorflow.ts';

export type { OpAttribute };

export const FLOAT = binding.TF_FLOAT;
export const INT32 = binding.TF_INT32;
export const UINT8 = binding.TF_UINT8;

/** Attributes by kind, e.g. `attrs.type('T', FLOAT)`. */
export const attribute = {
  type: (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_TYPE, value }),
  bool: (name: string, value: boolean): OpAttribute => ({ name, type: binding.TF_ATTR_BOOL, value }),
  float: (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_FLOAT, value }),
  int: (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_INT, value }),
  ints: (name: string, value: number[]): OpAttribute => ({ name, type: binding.TF_ATTR_INT, value }),
  string: (name: string, value: string): OpAttribute => ({ name, type: binding.TF_ATTR_STRING, value }),
};

/** `T = float32`, the attribute that nearly every op takes. */
export const T = attribute.type('T', FLOAT);

/** Runs one TensorFlow op: eagerly, or as a node of the graph while a program is being recorded. */
export function execute(op: string, attributes: OpAttribute[], inputs: Tensor[]): Tensor {
  return backend.executeSingleOutput(op, attributes, inputs);
}

/** As {@link execute}, for an op with `count` outputs. */
export function executeMany(
  op: string,
  attributes: OpAttribute[],
  inputs: Tensor[],
  count: number,
): Tensor[] {
  return backend.executeMultipleOutputs(op, attributes, inputs, count);
}

/** An int32 vector as an op's input, such as a shape. */
export function ints(values: readonly number[]): Tensor {
  return tf.tensor1d([...values], 'int32');
}

/** One gradient per differentiable input, computed only where it is wanted. */
export type InputGradients = Record<string, () => Tensor>;

export interface OpDefinition<Inputs extends object, Attributes extends object> {
  /** Unique name on the gradient tape. */
  name: string;
  run: (inputs: Inputs, attributes: Attributes) => Tensor | Tensor[];
  /** Names of the inputs that the gradient needs. */
  saveInputs?: (keyof Inputs & string)[];
  /** Which outputs the gradient needs. */
  saveOutputs?: boolean[];
  /** dy: the upstream gradient of each output; saved: the saved inputs, then the saved outputs. */
  gradient: (dy: Tensor[], saved: Tensor[], attributes: Attributes) => InputGradients;
}

/**
 * Defines an op of ours: native forward, native gradient. It replaces TF.js's own where that one is
 * wrong, slow, or lacks a case; each lives in its file in `ops/` with its tests.
 */
export function defineOp<Inputs extends object, Attributes extends object>(
  definition: OpDefinition<Inputs, Attributes>,
): (inputs: Inputs, attributes: Attributes) => Tensor | Tensor[] {
  const { name, run, saveInputs = [], saveOutputs = [], gradient } = definition;
  const kernelName = `resizer-lab/${name}`;
  tf.registerKernel({
    kernelName,
    backendName: 'tensorflow',
    // Kernels run within tidy so that shape vectors and the like do not outlive them.
    kernelFunc: ({ inputs, attrs }) =>
      tf.tidy(() => run(inputs as unknown as Inputs, attrs as unknown as Attributes)),
  } satisfies KernelConfig);
  tf.registerGradient({
    kernelName,
    inputsToSave: saveInputs,
    outputsToSave: saveOutputs,
    gradFunc: (dy, saved, attrs) =>
      gradient(Array.isArray(dy) ? dy : [dy], saved, attrs as unknown as Attributes),
  } satisfies GradConfig);
  return (inputs, attributes) =>
    tf
      .engine()
      .runKernel<Tensor | Tensor[]>(
        kernelName,
        inputs as NamedTensorMap,
        attributes as unknown as NamedAttrMap,
      );
}

/** As {@link defineOp}, for an op with one output. */
export function defineUnary<Inputs extends object, Attributes extends object>(
  definition: OpDefinition<Inputs, Attributes>,
): (inputs: Inputs, attributes: Attributes) => Tensor {
  return defineOp(definition) as (inputs: Inputs, attributes: Attributes) => Tensor;
}
