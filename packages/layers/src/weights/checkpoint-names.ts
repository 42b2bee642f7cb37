import { Message } from './protobuf-reader.ts';
import type { Weights, WeightTensor } from './tensor.ts';
import { ByteReader } from './varint.ts';

/**
 * The own name of each variable (`conv1_conv/kernel`) by its key in the checkpoint
 * (`layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE`), from the TrackableObjectGraph that
 * TensorFlow 2 stores as a text (trackable_object_graph.proto).
 * @param stored the text tensor: its length, a checksum of the length, its bytes.
 */
export function variableNamesOf(stored: Uint8Array, fail: (problem: string) => never): Map<string, string> {
  const reader = new ByteReader(stored, fail);
  const length = reader.varint();
  reader.u32();
  const graph = new Message(reader.take(length), fail);
  const attributes = graph.messages(1).flatMap((node) => node.messages(2));
  return new Map(
    attributes
      .filter((attribute) => attribute.has(2))
      .map((attribute) => [attribute.text(3), attribute.text(2)]),
  );
}

/**
 * The weights under their own names. Keys of one name with the same values are one variable that is
 * owned twice (a Keras model that was exported); with different values, as in two copies of a model,
 * each keeps its key.
 */
export function underOwnNames(weights: Weights, names: ReadonlyMap<string, string>): Weights {
  const first = new Map<string, WeightTensor>();
  const ambiguous = new Set<string>();
  for (const [key, tensor] of weights) {
    const name = names.get(key) ?? key;
    const other = first.get(name);
    if (!other) first.set(name, tensor);
    else if (!sameTensor(other, tensor)) ambiguous.add(name);
  }
  return new Map(
    [...weights].map(([key, tensor]) => {
      const name = names.get(key) ?? key;
      return [ambiguous.has(name) ? key : name, tensor];
    }),
  );
}

function sameTensor(a: WeightTensor, b: WeightTensor): boolean {
  const bytes = ({ data }: WeightTensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return String(a.shape) === String(b.shape) && bytes(a).equals(bytes(b));
}
