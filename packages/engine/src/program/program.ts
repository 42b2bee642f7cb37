import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@resizer-lab/base';
import { attribute, FLOAT, INT32, UINT8 } from '../native.ts';
import { binding, type Tensor } from '../tensorflow.ts';
import { mergeSums, type Node, reachable, type Value, type Values } from './graph.ts';
import { Recorder } from './recorder.ts';
import { savedModel } from './serialize.ts';
import type { Variables } from './variables.ts';

/** An argument of a compiled function: its type and fixed shape. */
export interface InputSpec {
  dtype: number;
  shape: readonly number[];
}

export const uint8 = (...shape: number[]): InputSpec => ({ dtype: UINT8, shape });
export const int32 = (...shape: number[]): InputSpec => ({ dtype: INT32, shape });
export const float32 = (...shape: number[]): InputSpec => ({ dtype: FLOAT, shape });

/** Tensor code over named inputs and the program's variables; what it returns are the outputs by name. */
export interface FunctionSpec {
  inputs: Record<string, InputSpec>;
  body: (inputs: Record<string, Tensor>, variables: Variables) => Record<string, Tensor>;
}

/** Arguments by name. A number stands for a scalar. */
export type Arguments = Record<string, Values | number>;
export type Outputs = Record<string, Float32Array | Int32Array | Uint8Array>;

/** One TensorFlow graph, in a session: variables, and compiled functions that share them. */
export interface Program {
  /** Runs a function; its variable updates are made before it returns. */
  run(name: string, args: Arguments): Outputs;
  /** Sets variables by name. @throws Error for an unknown name or a wrong size */
  assign(values: ReadonlyMap<string, Float32Array>): void;
  /** Values of variables, all of them by default. */
  read(names?: readonly string[]): Map<string, Float32Array>;
  /** The graph as recorded, for those who count ops. */
  readonly graph: readonly Node[];
  dispose(): void;
}

interface CompiledFunction {
  inputs: { name: string; node: string; spec: InputSpec }[];
  outputs: { name: string; node: string }[];
}

interface VariableNodes {
  shape: readonly number[];
  read: Node;
  initial: Node;
  assigned: Node;
}

/**
 * Compiles functions that share variables into one program. Nothing is executed meanwhile: the functions
 * run once on stand-ins for their tensors (see {@link Recorder}), and TensorFlow loads the resulting graph.
 *
 * @param shapes shape of each float32 variable, by name. Values are undefined until {@link Program.assign}.
 */
export function compile(
  shapes: ReadonlyMap<string, readonly number[]>,
  functions: Record<string, FunctionSpec>,
): Program {
  const recorder = new Recorder();
  const variables = new Map(
    [...shapes].map(([name, shape], i) => [name, declare(recorder, shape, `variable${i}`)]),
  );
  const compiled = new Map<string, CompiledFunction>();
  for (const [name, spec] of Object.entries(functions)) {
    compiled.set(name, recordFunction({ recorder, variables, name, spec }));
  }
  const wanted = recorder.nodes.filter(
    ({ name, op }) => /^(output|variable)/.test(name) || op === 'Placeholder',
  );
  mergeSums(reachable(wanted), (terms, dtype) => [attribute.int('N', terms), attribute.type('T', dtype)]);
  return start(reachable(wanted), variables, compiled);
}

function declare(
  recorder: Recorder,
  shape: readonly number[],
  name: string,
): VariableNodes & { handle: Value } {
  const dtype = attribute.type('dtype', FLOAT);
  const spec = { name: 'shape', shape };
  const handle = recorder.add('VarHandleOp', {
    attributes: [dtype, spec, attribute.string('shared_name', name), attribute.string('container', '')],
    outputs: [{ shape: [], dtype: binding.TF_RESOURCE }],
    name,
  })[0]!;
  const placed = (op: string, suffix: string, inputs: Value[], attributes: (typeof spec | typeof dtype)[]) =>
    recorder.add(op, {
      inputs,
      attributes,
      outputs: [{ shape, dtype: FLOAT }],
      name: `${name}_${suffix}`,
    })[0]!;
  const read = placed('ReadVariableOp', 'read', [handle], [dtype]);
  const initial = placed('Placeholder', 'initial', [], [dtype, spec]);
  const assign = placed('AssignVariableOp', 'assign', [handle, initial], [dtype]);
  const done = recorder.constant([], FLOAT, Float32Array.of(1));
  const assigned = placed('Identity', 'assigned', [done], [attribute.type('T', FLOAT)]);
  assigned.node.after.push(assign.node);
  return { shape, handle, read: read.node, initial: initial.node, assigned: assigned.node };
}

interface Recording {
  recorder: Recorder;
  variables: ReadonlyMap<string, VariableNodes & { handle: Value }>;
  name: string;
  spec: FunctionSpec;
}

function recordFunction({ recorder, variables, name, spec }: Recording): CompiledFunction {
  const inputs = Object.entries(spec.inputs).map(([input, { shape, dtype }], i) => {
    const attributes = [attribute.type('dtype', dtype), { name: 'shape', shape }];
    const node = `input_${name}_${i}`;
    return {
      name: input,
      node,
      spec: { shape, dtype },
      value: recorder.add('Placeholder', { attributes, outputs: [{ shape, dtype }], name: node })[0]!,
    };
  });
  const outputs = recorder.record(() => {
    const updates: Node[] = [];
    const tensors = Object.fromEntries(inputs.map((input) => [input.name, recorder.tensorOf(input.value)]));
    const results = spec.body(tensors, recordedVariables(recorder, variables, updates));
    return Object.entries(results).map(([output, tensor], i) => {
      const { shape, dtype, ...value } = recorder.valueOf(tensor);
      const node = `output_${name}_${i}`;
      const [identity] = recorder.add('Identity', {
        inputs: [{ shape, dtype, ...value }],
        attributes: [attribute.type('T', dtype)],
        outputs: [{ shape, dtype }],
        name: node,
      });
      // Fetching any output makes all updates.
      identity!.node.after.push(...updates);
      return { name: output, node };
    });
  });
  return { inputs, outputs };
}

function recordedVariables(
  recorder: Recorder,
  variables: Recording['variables'],
  updates: Node[],
): Variables {
  const reads = new Map<string, { tensor: Tensor; value: Value }>();
  const variable = (name: string) => {
    const found = variables.get(name);
    if (!found) throw new Error(`the program has no variable ${name}`);
    return found;
  };
  const readOf = (name: string) => {
    const { read, shape } = variable(name);
    const known = reads.get(name);
    if (known) return known;
    const value: Value = { node: read, index: 0, shape, dtype: FLOAT };
    const fresh = { value, tensor: recorder.tensorOf(value) };
    reads.set(name, fresh);
    return fresh;
  };
  const update = (
    op: string,
    inputs: Value[],
    options: { attributes: ReturnType<typeof attribute.bool>[]; reads: string[] },
  ) => {
    const [value] = recorder.add(op, {
      inputs,
      attributes: options.attributes,
      outputs: [{ shape: [], dtype: FLOAT }],
    });
    value!.node.after.push(...options.reads.map((name) => variable(name).read));
    updates.push(value!.node);
  };
  return {
    read: (name) => readOf(name).tensor,
    assign(name, tensor) {
      update('AssignVariableOp', [variable(name).handle, recorder.valueOf(tensor)], {
        attributes: [attribute.type('dtype', FLOAT)],
        reads: [name],
      });
    },
    applyMomentum(name, slot, { gradient, rate, momentum }) {
      const scalar = recorder.constant([], FLOAT, Float32Array.of(momentum));
      const inputs = [
        variable(name).handle,
        variable(slot).handle,
        recorder.valueOf(rate),
        recorder.valueOf(gradient),
        scalar,
      ];
      update('ResourceApplyMomentum', inputs, {
        attributes: [
          attribute.type('T', FLOAT),
          attribute.bool('use_locking', false),
          attribute.bool('use_nesterov', false),
        ],
        reads: [name],
      });
    },
  };
}

function start(
  graph: readonly Node[],
  variables: ReadonlyMap<string, VariableNodes>,
  functions: ReadonlyMap<string, CompiledFunction>,
): Program {
  const session = load(graph);
  const known = (name: string) => {
    const found = variables.get(name);
    if (!found) throw new Error(`the program has no variable ${name}`);
    return found;
  };
  return {
    graph,
    run(name, args) {
      const compiled = functions.get(name);
      if (!compiled) throw new Error(`the program has no function ${name}`);
      const feeds = compiled.inputs.map(({ name: input, node, spec }) => ({
        node,
        spec,
        values: argument(args, input),
      }));
      const results = runSession(
        session,
        feeds,
        compiled.outputs.map(({ node }) => node),
      );
      return Object.fromEntries(compiled.outputs.map(({ name: output }, i) => [output, results[i]!]));
    },
    assign(values) {
      const feeds = [...values].map(([name, data]) => {
        const { shape, initial } = known(name);
        return { node: initial.name, spec: { shape, dtype: FLOAT }, values: data };
      });
      runSession(
        session,
        feeds,
        [...values.keys()].map((name) => known(name).assigned.name),
      );
    },
    read(names = [...variables.keys()]) {
      const results = runSession(
        session,
        [],
        names.map((name) => known(name).read.name),
      );
      return new Map(names.map((name, i) => [name, results[i] as Float32Array]));
    },
    dispose: () => binding.deleteSavedModel(session),
  };
}

function argument(args: Arguments, name: string): Values {
  const given = args[name];
  if (given === undefined) throw new Error(`the argument ${name} is missing`);
  return typeof given === 'number' ? Float32Array.of(given) : given;
}

function load(graph: readonly Node[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'resizer-program-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), savedModel(graph));
    return binding.loadSavedModel(folder, 'serve');
  } catch (error) {
    throw new Error(`TensorFlow refuses the recorded graph: ${messageOf(error)}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Feed {
  node: string;
  spec: InputSpec;
  values: Values;
}

/** One call of the session. Works on the binding's own handles: nothing of TF.js is involved. */
function runSession(session: number, feeds: readonly Feed[], fetches: readonly string[]): Values[] {
  if (fetches.length === 0) return [];
  const ids = feeds.map(({ spec, values }) => binding.createTensor([...spec.shape], spec.dtype, values));
  try {
    const feedNames = feeds.map(({ node }) => `${node}:0`).join(',');
    const results = binding.runSavedModel(
      session,
      ids,
      feedNames,
      fetches.map((node) => `${node}:0`).join(','),
    );
    const values = results.map(({ id }) => binding.tensorDataSync(id));
    results.forEach(({ id }) => binding.deleteTensor(id));
    return values;
  } finally {
    ids.forEach((id) => binding.deleteTensor(id));
  }
}
