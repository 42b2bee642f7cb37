import { UserError } from '@resizer-lab/base';
import { binding } from '../tensorflow.ts';
import type { FrozenFunction, Port } from './freeze.ts';
import type { GraphAttribute, Node, Values } from './graph.ts';

/*
 * The files of a TensorFlow.js graph model: model.json, which is a GraphDef in protocol buffers' JSON form, and
 * the values of its constants in shards. Format: tfjs-core/src/io/types.ts (ModelJSON), tfjs-converter.
 */

/** A size that browsers cache; the converter's own. */
const SHARD_BYTES = 4 * 2 ** 20;

/** What ResizeArea and the antialiased kernels are made of, and TensorFlow.js cannot run. */
const UNKNOWN_OPS: Readonly<Record<string, string>> = {
  ScaleAndTranslate: 'bicubic and antialiased resizing',
};

const dtypes: ReadonlyMap<number, { proto: string; stored: 'float32' | 'int32' | 'uint8' }> = new Map([
  [binding.TF_FLOAT, { proto: 'DT_FLOAT', stored: 'float32' }],
  [binding.TF_INT32, { proto: 'DT_INT32', stored: 'int32' }],
  [binding.TF_UINT8, { proto: 'DT_UINT8', stored: 'uint8' }],
  [binding.TF_BOOL, { proto: 'DT_BOOL', stored: 'uint8' }],
]);

/**
 * A frozen function as a TensorFlow.js graph model.
 * @returns the files by name
 * @throws UserError for a function with an op that TensorFlow.js does not have
 */
export function tfjsGraphModel({ nodes, inputs, outputs }: FrozenFunction): Map<string, Uint8Array> {
  refuseUnknownOps(nodes);
  const constants = nodes.flatMap((node) => constantOf(node) ?? []);
  const shards = shardsOf(constants.map(({ values }) => values));
  const names = shards.map((_, i) => `group1-shard${i + 1}of${shards.length}.bin`);
  const model = {
    format: 'graph-model',
    generatedBy: 'resizer-lab',
    convertedBy: 'resizer-lab',
    signature: { inputs: portsOf(inputs), outputs: portsOf(outputs) },
    modelTopology: { node: nodes.map(nodeDef), library: {}, versions: { producer: 1395 } },
    weightsManifest: [
      {
        paths: names,
        weights: constants.map(({ name, shape, dtype }) => ({ name, shape, dtype: typeOf(dtype).stored })),
      },
    ],
  };
  return new Map([
    ['model.json', Buffer.from(JSON.stringify(model))],
    ...names.map((name, i) => [name, shards[i]!] as const),
  ]);
}

function refuseUnknownOps(nodes: readonly Node[]): void {
  const unknown = nodes.map(({ op }) => UNKNOWN_OPS[op]).find((what) => what !== undefined);
  if (unknown) {
    throw new UserError(
      `TensorFlow.js has no ${unknown}; choose the bilinear resizer, or export a SavedModel.`,
    );
  }
}

interface Constant {
  name: string;
  shape: readonly number[];
  dtype: number;
  values: Values;
}

function constantOf({ name, op, attributes }: Node): Constant | undefined {
  const value = attributes.find((attribute) => 'tensor' in attribute);
  return op === 'Const' && value ? { name, ...value.tensor } : undefined;
}

function shardsOf(values: readonly Values[]): Uint8Array[] {
  const bytes = Buffer.concat(
    values.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
  );
  const count = Math.max(1, Math.ceil(bytes.length / SHARD_BYTES));
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES));
}

function typeOf(dtype: number) {
  const found = dtypes.get(dtype);
  if (!found) throw new Error(`TensorFlow's type ${dtype} has no form in TensorFlow.js`);
  return found;
}

const shapeOf = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size: String(size) })) });

function portsOf(ports: readonly Port[]) {
  const entries = ports.map(({ name, node, dtype, shape }) => [
    name,
    { name: `${node}:0`, dtype: typeOf(dtype).proto, tensorShape: shapeOf(shape) },
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function nodeDef({ name, op, inputs, after, attributes }: Node) {
  const data = inputs.map(({ node, index }) => (index === 0 ? node.name : `${node.name}:${index}`));
  const attr = Object.fromEntries(attributes.map((attribute) => [attribute.name, attributeValue(attribute)]));
  return { name, op, input: [...data, ...after.map((node) => `^${node.name}`)], attr };
}

function attributeValue(attribute: GraphAttribute): unknown {
  if ('shape' in attribute) return { shape: shapeOf(attribute.shape) };
  if ('tensor' in attribute) {
    const { dtype, shape } = attribute.tensor;
    return { tensor: { dtype: typeOf(dtype).proto, tensorShape: shapeOf(shape) } };
  }
  const { type, value } = attribute;
  if (Array.isArray(value)) {
    return {
      list:
        type === binding.TF_ATTR_TYPE
          ? { type: value.map((x) => typeOf(x).proto) }
          : { i: value.map(String) },
    };
  }
  if (type === binding.TF_ATTR_TYPE) return { type: typeOf(value as number).proto };
  if (type === binding.TF_ATTR_BOOL) return { b: value };
  if (type === binding.TF_ATTR_INT) return { i: String(value) };
  if (type === binding.TF_ATTR_FLOAT) return { f: value };
  if (type === binding.TF_ATTR_STRING) return { s: Buffer.from(value as string).toString('base64') };
  throw new Error(`attribute ${attribute.name}: kind ${type} has no graph form`);
}
