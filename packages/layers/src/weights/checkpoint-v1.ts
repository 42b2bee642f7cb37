import { UserError } from '@resizer-lab/base';
import { checkpointDtypes, shapeOf } from './checkpoint-types.ts';
import { bytesPer, type NumberFormat, numbersOf } from './numbers.ts';
import { Message } from './protobuf-reader.ts';
import { readSmallFile } from './source.ts';
import { tableEntries } from './table.ts';
import { count, elementsOf, shown, type TensorData, type Weights, type WeightTensor } from './tensor.ts';

/** What one buffer may hold; the checkpoints of TF-Slim have some hundred megabytes. */
const maxFile = 2 ** 32 - 1;

type Fail = (problem: string) => never;

/** Field numbers of `TensorProto` (tensorflow/core/framework/tensor.proto). */
const tensorContent = 4;
const fixedValues: Readonly<Partial<Record<NumberFormat, number>>> = { float32: 5, float64: 6 };
const integerValues: Readonly<Partial<Record<NumberFormat, number>>> = {
  int32: 7,
  uint8: 7,
  int64: 10,
  float16: 13,
  bfloat16: 13,
};

/**
 * Reads a TensorFlow checkpoint of version 1: one file, as TF-Slim released its models
 * (tensorflow/core/util/saved_tensor_slice.proto in a LevelDB table).
 * @throws UserError that names the file, the tensor and what is wrong with it.
 */
export async function readCheckpointV1(path: string): Promise<Weights> {
  return decodeCheckpointV1(await readSmallFile(path, maxFile), path);
}

/** As `readCheckpointV1`, from memory. `name` stands for the file in messages. */
export function decodeCheckpointV1(bytes: Uint8Array, name: string): Weights {
  const fail = (problem: string): never => {
    throw new UserError(`${name} is damaged: ${problem}.`);
  };
  const entries = tableEntries(bytes, name).map(({ value }) => new Message(value, fail));
  const slices = slicesByName(entries, name);
  const weights: Weights = new Map();
  for (const meta of entries.flatMap((entry) => entry.messages(1)).flatMap((list) => list.messages(1))) {
    const tensor = meta.text(1);
    const failTensor = (problem: string) => fail(`tensor ${shown(tensor)}: ${problem}`);
    const values = slices.get(tensor);
    if (!values || weights.has(tensor)) return failTensor('it is announced twice, or is not there');
    weights.set(tensor, tensorOf(meta, { values, fail: failTensor }));
  }
  if (weights.size !== slices.size) fail('it does not announce all tensors that it has');
  return weights;
}

/** The `TensorProto` of each tensor that is stored whole. */
function slicesByName(entries: readonly Message[], file: string): Map<string, Message> {
  const slices = new Map<string, Message>();
  for (const slice of entries.flatMap((entry) => entry.messages(2))) {
    const name = slice.text(1);
    if (slices.has(name)) {
      throw new UserError(`${file}: tensor ${shown(name)} is stored in slices, which is not read here.`);
    }
    slices.set(name, slice.message(3));
  }
  return slices;
}

function tensorOf(meta: Message, { values, fail }: { values: Message; fail: Fail }): WeightTensor {
  const format = checkpointDtypes.get(meta.integer(3));
  if (!format) return fail(`it is of TensorFlow's type ${meta.integer(3)}, which is not read here`);
  const shape = shapeOf(meta.message(2), fail);
  const data = valuesOf(values, { format, fail });
  if (data.length !== elementsOf(shape)) {
    return fail(`shape [${shape.join(', ')}] does not fit its ${count(data.length)} values`);
  }
  return { shape, data };
}

function valuesOf(proto: Message, { format, fail }: { format: NumberFormat; fail: Fail }): TensorData {
  const fixed = proto.has(tensorContent) ? tensorContent : fixedValues[format];
  if (fixed !== undefined) {
    const bytes = proto.fixed(fixed);
    if (bytes.byteLength % bytesPer[format] !== 0) return fail('it ends within a number');
    return numbersOf(format, new Uint8Array(bytes));
  }
  const values = proto.integers(integerValues[format]!);
  const stored = Buffer.alloc(values.length * 8);
  values.forEach((value, i) => stored.writeBigInt64LE(value, i * bytesPer[format]));
  return numbersOf(format, new Uint8Array(stored.subarray(0, values.length * bytesPer[format])));
}
