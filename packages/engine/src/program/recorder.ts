import { UserError } from '@resizer-lab/base';
import type { OpAttribute } from '../native.ts';
import { attribute, FLOAT, INT32 } from '../native.ts';
import { backend, binding, type Tensor, tf } from '../tensorflow.ts';
import type { GraphAttribute, Node, Value, Values } from './graph.ts';
import { type Attributes, type Output, outputsOf } from './shapes.ts';

/** Constants of more elements than this that repeat one number become a `Fill`. */
const FILL_FROM = 256;

/**
 * Turns tensor code into a graph without running it. While {@link Recorder.record} runs a function,
 * the backend's binding is replaced: each op becomes a node, tensors are ids of node outputs.
 */
export class Recorder {
  readonly nodes: Node[] = [];
  readonly #values = new Map<number, Value>();
  readonly #constants = new Map<string, Value>();
  readonly #kept: Tensor[] = [];
  readonly #fresh = new WeakSet<object>();
  #nextId = -2;

  /** Adds a node and returns its outputs. */
  add(
    op: string,
    options: {
      inputs?: Value[];
      attributes?: readonly GraphAttribute[];
      outputs?: readonly { shape: readonly number[]; dtype: number }[];
      name?: string;
    },
  ): Value[] {
    const { inputs = [], attributes = [], outputs = [], name = `${op}_${this.nodes.length}` } = options;
    const node: Node = { name, op, inputs, after: [], attributes };
    this.nodes.push(node);
    return outputs.map(({ shape, dtype }, index) => ({ node, index, shape, dtype }));
  }

  constant(shape: readonly number[], dtype: number, values: Values): Value {
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const key = `${dtype}:${shape.join('x')}:${bytes.toString('latin1')}`;
    const same = this.#constants.get(key);
    if (same) return same;
    const made =
      values.length > FILL_FROM && values.every((value) => value === values[0])
        ? this.#fill(shape, dtype, values)
        : this.#literal(shape, dtype, values);
    this.#constants.set(key, made);
    return made;
  }

  /** A float32 constant under a name of its own, equal to another or not. */
  named(name: string, shape: readonly number[], values: Float32Array): Value {
    return this.#literal(shape, FLOAT, values, name);
  }

  /** A float32 tensor of one number, made when it is wanted. */
  filled(shape: readonly number[], value: number): Value {
    return this.#fill(shape, FLOAT, Float32Array.of(value));
  }

  #literal(shape: readonly number[], dtype: number, values: Values, name?: string): Value {
    const attributes = [attribute.type('dtype', dtype), { name: 'value', tensor: { shape, dtype, values } }];
    const outputs = [{ shape, dtype }];
    const [value] = this.add('Const', { attributes, outputs, ...(name === undefined ? {} : { name }) });
    return { ...value!, constant: values };
  }

  #fill(shape: readonly number[], dtype: number, values: Values): Value {
    const inputs = [
      this.constant([shape.length], INT32, Int32Array.from(shape)),
      this.constant([], dtype, values.slice(0, 1)),
    ];
    const attributes = [attribute.type('T', dtype), attribute.type('index_type', INT32)];
    return this.add('Fill', { inputs, attributes, outputs: [{ shape, dtype }] })[0]!;
  }

  /** A tensor that stands for a node's output in the code being recorded. */
  tensorOf(value: Value): Tensor {
    const tensor = tf.keep(
      backend.createOutputTensor({ id: this.#idOf(value), shape: [...value.shape], dtype: value.dtype }),
    );
    this.#kept.push(tensor);
    return tensor;
  }

  /** The node output that a tensor stands for. */
  valueOf(tensor: Tensor): Value {
    return this.#value(backend.getInputTensorIds([tensor])[0]!);
  }

  /** Runs the function with every op recorded; what it makes is disposed of afterwards. */
  record<R>(f: () => R): R {
    const write = backend.write.bind(backend);
    const real = backend.binding;
    backend.binding = this.#recordingBinding();
    backend.write = (values, shape, dtype) => {
      if (values !== null) this.#fresh.add(values);
      return write(values, shape, dtype);
    };
    try {
      let result: R;
      tf.tidy(() => {
        result = f();
      });
      return result!;
    } finally {
      tf.dispose(this.#kept.splice(0));
      backend.write = write;
      backend.binding = real;
    }
  }

  #idOf(value: Value): number {
    const id = this.#nextId--;
    this.#values.set(id, value);
    return id;
  }

  #value(id: number): Value {
    const value = this.#values.get(id);
    if (value) return value;
    throw recordingError(
      'uses a tensor that was made outside of it; pass it as an input of the function or make it a variable',
    );
  }

  #recordingBinding(): typeof binding {
    const replaced: Partial<typeof binding> = {
      executeOp: (op, attributes, ids, count) => this.#executeOp(op, attributes, { ids, count }),
      identityAfter: (id, needed) => this.#identityAfter(this.#value(id), this.#value(needed)),
      createTensor: (shape, dtype, values) => this.#createTensor(shape, dtype, values as ArrayLike<number>),
      deleteTensor: () => undefined,
      tensorDataSync: () => {
        throw recordingError('reads a value, which does not exist yet');
      },
    };
    // The binding's own properties are read-only, so that they cannot be the proxy's target.
    return new Proxy({} as typeof binding, {
      get: (_, key) => Reflect.get(key in replaced ? replaced : binding, key) as unknown,
    });
  }

  #createTensor(shape: number[], dtype: number, values: ArrayLike<number>): number {
    if (dtype !== binding.TF_INT64 && !this.#fresh.has(values)) {
      throw recordingError('uses a tensor that was made outside of it; pass it as an input of the function');
    }
    return this.#idOf(this.constant(shape, dtype, typedValues(dtype, values)));
  }

  #executeOp(op: string, attributes: OpAttribute[], call: { ids: number[]; count: number }) {
    const inputs = call.ids.map((id) => this.#value(id));
    const outputs = this.#outputs(op, attributes, inputs).slice(0, call.count);
    const values = changesNothing(op, inputs[0], outputs[0])
      ? [inputs[0]!]
      : this.add(op, { inputs, attributes, outputs });
    return values.map((value) => this.#metadataOf(value));
  }

  /** TensorFlow keeps control dependencies, and takes ops apart whose dependencies differ. */
  #identityAfter(value: Value, needed: Value) {
    const attributes = [attribute.type('T', value.dtype)];
    const [identity] = this.add('Identity', { inputs: [value], attributes, outputs: [value] });
    identity!.node.after.push(needed.node);
    return this.#metadataOf(identity!);
  }

  #metadataOf(value: Value) {
    return { id: this.#idOf(value), shape: [...value.shape], dtype: value.dtype };
  }

  #outputs(op: string, attributes: OpAttribute[], inputs: Value[]) {
    const named: Attributes = Object.fromEntries(attributes.map(({ name, value }) => [name, value]));
    try {
      return outputsOf(op, inputs, named);
    } catch (error) {
      const shapes = inputs.map(({ shape }) => `[${shape.join(', ')}]`).join(', ');
      throw recordingError(`uses op ${op} on ${shapes}: ${(error as Error).message}`);
    }
  }
}

/** Whether an op would hand on its input as it is, as TF.js' gradients and reductions often ask for. */
function changesNothing(op: string, input: Value | undefined, output: Output | undefined): boolean {
  if (!/^(Reshape|Cast|Identity)$/.test(op)) return false;
  return input?.shape.join() === output?.shape.join() && input?.dtype === output?.dtype;
}

function typedValues(dtype: number, values: ArrayLike<number>): Values {
  if (dtype === FLOAT) return values instanceof Float32Array ? values : Float32Array.from(values);
  if (dtype === INT32) return values instanceof Int32Array ? values : Int32Array.from(values);
  if (dtype === binding.TF_INT64 && values instanceof Int32Array) return values;
  return Uint8Array.from(values);
}

/** An error about the code being recorded, with the line of that code that caused it. */
function recordingError(what: string): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = limit;
  const inside = /node_modules|node:|tfjs-[a-z]+\/|engine\/src\/(?!.*\.test\.)/;
  const caller = frames.find((frame) => !inside.test(frame) && /:\d+:\d+\)?$/.test(frame));
  return new UserError(
    `The recorded function ${what} (${caller?.trim().replace(/^at /, '') ?? 'unknown line'}).`,
  );
}

/** An argument of a function that is only recorded: its type and shape. */
export interface StandIn {
  dtype: number;
  shape: readonly number[];
}

/**
 * Runs tensor code on stand-ins that have shapes but no values: nothing is executed. For finding out
 * what a network declares, the shapes it produces, and what it costs.
 * @param f is given a maker of stand-ins, and the nodes, which grow as it runs
 */
export function dryRun<R>(f: (standIn: (spec: StandIn) => Tensor, graph: readonly Node[]) => R): R {
  const recorder = new Recorder();
  const standIn = (spec: StandIn) => recorder.tensorOf(recorder.add('Placeholder', { outputs: [spec] })[0]!);
  return recorder.record(() => f(standIn, recorder.nodes));
}
