import type { NumberFormat } from './numbers.ts';
import type { Message } from './protobuf-reader.ts';
import { checkedShape } from './tensor.ts';

/** `DataType` of tensorflow/core/framework/types.proto, as far as variables have it. */
export const checkpointDtypes: ReadonlyMap<number, NumberFormat> = new Map([
  [1, 'float32'],
  [2, 'float64'],
  [3, 'int32'],
  [4, 'uint8'],
  [9, 'int64'],
  [10, 'uint8'], // bool
  [14, 'bfloat16'],
  [19, 'float16'],
]);

/** Texts (7), resources (20) and variants (21) are no weights. */
export const isSkipped = (dtype: number) => [7, 20, 21].includes(dtype);

/** The shape in a `TensorShapeProto`. */
export function shapeOf(proto: Message, fail: (problem: string) => never): number[] {
  return checkedShape(
    proto.messages(2).map((dimension) => dimension.integer(1)),
    fail,
  );
}
