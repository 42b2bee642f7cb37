import { attribute } from '../native.ts';
import { type Node, reachable, type Value } from './graph.ts';
import type { FunctionSpec } from './functions.ts';
import { Recorder } from './recorder.ts';
import type { InputSpec } from './session.ts';
import type { Variables } from './variables.ts';

/** A named argument or result of a frozen function: the node that stands for it. */
export interface Port extends InputSpec {
  name: string;
  node: string;
}

/** A function as a graph of its own, its variables constants: what is exported for other programs to run. */
export interface FrozenFunction {
  nodes: readonly Node[];
  inputs: readonly Port[];
  outputs: readonly Port[];
}

export type FrozenValues = ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>;

/**
 * Records a function with the values of its variables written into the graph, under their names.
 * @param values of each variable that the function reads
 * @throws Error for a function that changes its variables
 */
export function freeze({ inputs, body }: FunctionSpec, values: FrozenValues): FrozenFunction {
  const recorder = new Recorder();
  const given = Object.entries(inputs).map(([name, spec]) => ({ name, node: name, ...spec }));
  const placeholders = given.map(({ name, ...spec }) => placeholder(recorder, name, spec));
  const outputs = recorder.record(() => {
    const tensors = given.map(({ name }, i) => [name, recorder.tensorOf(placeholders[i]!)] as const);
    const results = body(Object.fromEntries(tensors), constants(recorder, values));
    return Object.entries(results).map(([name, tensor]) => output(recorder, name, recorder.valueOf(tensor)));
  });
  const wanted = [...placeholders, ...outputs].map(({ node }) => node);
  return {
    nodes: reachable(wanted),
    inputs: given,
    outputs: outputs.map(({ node: { name }, shape, dtype }) => ({ name, node: name, shape, dtype })),
  };
}

function placeholder(recorder: Recorder, name: string, { shape, dtype }: InputSpec): Value {
  const attributes = [attribute.type('dtype', dtype), { name: 'shape', shape }];
  return recorder.add('Placeholder', { attributes, outputs: [{ shape, dtype }], name })[0]!;
}

function output(recorder: Recorder, name: string, value: Value): Value {
  const { shape, dtype } = value;
  const attributes = [attribute.type('T', dtype)];
  return recorder.add('Identity', { inputs: [value], attributes, outputs: [{ shape, dtype }], name })[0]!;
}

function constants(recorder: Recorder, values: FrozenValues): Variables {
  const read = new Map<string, ReturnType<Recorder['tensorOf']>>();
  const refuse = (name: string): never => {
    throw new Error(`a frozen function cannot change ${name}`);
  };
  return {
    read(name) {
      const known = read.get(name);
      if (known) return known;
      const value = values.get(name);
      if (!value) throw new Error(`there is no value for the variable ${name}`);
      const made = recorder.tensorOf(recorder.named(name, value.shape, value.data));
      read.set(name, made);
      return made;
    },
    assign: refuse,
    applyMomentum: refuse,
  };
}
