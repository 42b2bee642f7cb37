import { ProtobufWriter } from '@resizer-lab/base';
import { binding } from '../tensorflow.ts';
import type { FrozenFunction, Port } from './freeze.ts';
import type { GraphAttribute, Node } from './graph.ts';

/*
 * A graph as the bytes of a SavedModel. Field numbers are those of tensorflow/core/framework/*.proto
 * and tensorflow/core/protobuf/{meta_graph,saved_model}.proto.
 */

/** GraphDef version that the ops below are written for: TensorFlow 2.11 and later read it. */
const PRODUCER = 1395;

const shape = (dims: readonly number[]) => (message: ProtobufWriter) => {
  for (const dim of dims) message.message(2, (d) => d.integer(1, dim));
};

function attributeValue(message: ProtobufWriter, attribute: GraphAttribute): void {
  if ('shape' in attribute) {
    message.message(7, shape(attribute.shape));
    return;
  }
  if ('tensor' in attribute) {
    const { dtype, shape: dims, values } = attribute.tensor;
    message.message(8, (tensor) => {
      tensor.integer(1, dtype).message(2, shape(dims));
      tensor.bytes(4, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    });
    return;
  }
  const { type, value } = attribute;
  if (Array.isArray(value)) {
    const field = type === binding.TF_ATTR_TYPE ? 6 : 3;
    message.message(1, (list) => value.forEach((item) => list.integer(field, item)));
  } else if (type === binding.TF_ATTR_TYPE) message.integer(6, value as number);
  else if (type === binding.TF_ATTR_BOOL) message.integer(5, value ? 1 : 0);
  else if (type === binding.TF_ATTR_INT) message.integer(3, value as number);
  else if (type === binding.TF_ATTR_FLOAT) message.float(4, value as number);
  else if (type === binding.TF_ATTR_STRING) message.string(2, value as string);
  else throw new Error(`attribute ${attribute.name}: kind ${type} has no graph form`);
}

function nodeDef(message: ProtobufWriter, node: Node): void {
  message.string(1, node.name).string(2, node.op);
  for (const { node: source, index } of node.inputs) {
    message.string(3, index === 0 ? source.name : `${source.name}:${index}`);
  }
  for (const source of node.after) message.string(3, `^${source.name}`);
  for (const attribute of node.attributes) {
    message.message(5, (entry) =>
      entry.string(1, attribute.name).message(2, (value) => attributeValue(value, attribute)),
    );
  }
}

/** saved_model.pb of one graph, tagged `serve`, without signatures or variables on disk. */
export function savedModel(nodes: readonly Node[]): Uint8Array {
  return metaGraphs(nodes, () => undefined);
}

/** saved_model.pb of a frozen function, with the signature that TensorFlow Serving calls by default. */
export function servedModel({ nodes, inputs, outputs }: FrozenFunction): Uint8Array {
  const ports = (field: number, list: readonly Port[]) => (signature: ProtobufWriter) => {
    for (const port of list) {
      signature.message(field, (entry) => entry.string(1, port.name).message(2, tensorInfo(port)));
    }
  };
  return metaGraphs(nodes, (metaGraph) => {
    metaGraph.message(5, (entry) =>
      entry.string(1, 'serving_default').message(2, (signature) => {
        ports(1, inputs)(signature);
        ports(2, outputs)(signature);
        signature.string(3, 'tensorflow/serving/predict');
      }),
    );
  });
}

const tensorInfo =
  ({ node, dtype, shape: dims }: Port) =>
  (info: ProtobufWriter) => {
    info.string(1, `${node}:0`).integer(2, dtype).message(3, shape(dims));
  };

function metaGraphs(nodes: readonly Node[], signatures: (metaGraph: ProtobufWriter) => void): Uint8Array {
  return new ProtobufWriter()
    .integer(1, 1)
    .message(2, (metaGraph) => {
      metaGraph
        .message(1, (info) => info.string(4, 'serve'))
        .message(2, (graph) => {
          for (const node of nodes) graph.message(1, (message) => nodeDef(message, node));
          graph.message(4, (versions) => versions.integer(1, PRODUCER));
        });
      signatures(metaGraph);
    })
    .finish();
}
