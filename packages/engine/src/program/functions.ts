import { attribute, FLOAT, type OpAttribute } from '../native.ts';
import { binding, type Tensor } from '../tensorflow.ts';
import type { Node, Value } from './graph.ts';
import type { Recorder } from './recorder.ts';
import type { InputSpec } from './session.ts';
import type { Variables } from './variables.ts';

/** Tensor code over named inputs and the program's variables; what it returns are the outputs by name. */
export interface FunctionSpec {
  inputs: Record<string, InputSpec>;
  body: (inputs: Record<string, Tensor>, variables: Variables) => Record<string, Tensor>;
}

/** The nodes of a function that a call of the session names. */
export interface CompiledFunction {
  inputs: { name: string; node: string; spec: InputSpec }[];
  outputs: { name: string; node: string }[];
}

/** The nodes of a variable. */
export interface VariableNodes {
  shape: readonly number[];
  handle: Value;
  read: Node;
  initial: Node;
  assigned: Node;
  /** Done when the variable is zero. */
  cleared: Node;
}

/** Adds a variable to a graph: its handle, a read, and a way to set it. */
export function declareVariable(recorder: Recorder, shape: readonly number[], name: string): VariableNodes {
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
  const done = recorder.constant([], FLOAT, Float32Array.of(1));
  const set = (suffix: string, value: Value) => {
    const assign = placed('AssignVariableOp', `${suffix}_assign`, [handle, value], [dtype]);
    const made = placed('Identity', suffix, [done], [attribute.type('T', FLOAT)]);
    made.node.after.push(assign.node);
    return made.node;
  };
  const assigned = set('assigned', initial);
  const cleared = set('cleared', recorder.filled(shape, 0));
  return { shape, handle, read: read.node, initial: initial.node, assigned, cleared };
}

interface Recording {
  recorder: Recorder;
  variables: ReadonlyMap<string, VariableNodes>;
  name: string;
  spec: FunctionSpec;
}

/** Runs a function's code once and records it; outputs make all its updates happen. */
export function recordFunction({ recorder, variables, name, spec }: Recording): CompiledFunction {
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
      const value = recorder.valueOf(tensor);
      const node = `output_${name}_${i}`;
      const [identity] = recorder.add('Identity', {
        inputs: [value],
        attributes: [attribute.type('T', value.dtype)],
        outputs: [value],
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
  const reads = new Map<string, Tensor>();
  const variable = (name: string) => {
    const found = variables.get(name);
    if (!found) throw new Error(`the program has no variable ${name}`);
    return found;
  };
  /** Changes a variable, after it has been read. */
  const update = (name: string, op: string, node: { inputs: Value[]; attributes: OpAttribute[] }) => {
    const [value] = recorder.add(op, { ...node, outputs: [{ shape: [], dtype: FLOAT }] });
    value!.node.after.push(variable(name).read);
    updates.push(value!.node);
  };
  return {
    read(name) {
      const { read, shape } = variable(name);
      const tensor = reads.get(name) ?? recorder.tensorOf({ node: read, index: 0, shape, dtype: FLOAT });
      reads.set(name, tensor);
      return tensor;
    },
    assign(name, tensor) {
      update(name, 'AssignVariableOp', {
        inputs: [variable(name).handle, recorder.valueOf(tensor)],
        attributes: [attribute.type('dtype', FLOAT)],
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
      update(name, 'ResourceApplyMomentum', {
        inputs,
        attributes: [
          attribute.type('T', FLOAT),
          attribute.bool('use_locking', false),
          attribute.bool('use_nesterov', false),
        ],
      });
    },
  };
}
