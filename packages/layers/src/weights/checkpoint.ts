import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import { checkpointDtypes, isSkipped, shapeOf } from './checkpoint-types.ts';
import { underOwnNames, variableNamesOf } from './checkpoint-names.ts';
import { maskedCrc32c } from './crc32c.ts';
import { bytesPer, type NumberFormat, numbersOf } from './numbers.ts';
import { Message } from './protobuf-reader.ts';
import { type ByteSource, readSmallFile, withFile } from './source.ts';
import { tableEntries } from './table.ts';
import { count, elementsOf, shown, type Weights } from './tensor.ts';

/** An index has about a hundred bytes for each tensor. */
const maxIndex = 2 ** 28;

/** TrackableObjectGraph: how the objects of a TensorFlow 2 program own the variables. */
const objectGraph = '_CHECKPOINTABLE_OBJECT_GRAPH';

type Fail = (problem: string) => never;

interface Entry {
  readonly name: string;
  readonly dtype: number;
  readonly shape: number[];
  readonly shard: number;
  readonly offset: number;
  readonly size: number;
  readonly checksum: Uint8Array;
}

/**
 * Reads a TensorFlow checkpoint, version 2: `prefix.index` and `prefix.data-00000-of-0000n`
 * (tensorflow/core/util/tensor_bundle, tensor_bundle.proto). Each tensor is held against its CRC-32C.
 * Variables of TensorFlow 2 objects come under their own names (`conv1_conv/kernel`) where the
 * checkpoint knows them; texts and other objects that are not numbers are passed over.
 * @param prefix the path without `.index`; with it, it is taken as well.
 * @throws UserError that names the file, the tensor and what is wrong with it.
 */
export async function readCheckpoint(prefix: string): Promise<Weights> {
  const path = prefix.replace(/\.index$/, '');
  const { entries, shards } = parseIndex(await readSmallFile(`${path}.index`, maxIndex), `${path}.index`);
  const content: Content = { weights: new Map(), names: new Map() };
  for (let shard = 0; shard < shards; shard++) {
    const within = entries.filter((entry) => entry.shard === shard);
    const file = `${path}.data-${five(shard)}-of-${five(shards)}`;
    await withFile(file, (source) => readShard(within, { source, content }));
  }
  return underOwnNames(content.weights, content.names);
}

interface Content {
  readonly weights: Weights;
  names: ReadonlyMap<string, string>;
}

async function readShard(
  entries: readonly Entry[],
  { source, content }: { source: ByteSource; content: Content },
): Promise<void> {
  checkRoom(entries, source);
  for (const entry of entries) {
    const { name, dtype, shape, offset, size } = entry;
    const format = checkpointDtypes.get(dtype);
    if (format) {
      content.weights.set(name, { shape, data: await readNumbers({ entry, format, source }) });
    } else if (name === objectGraph) {
      content.names = variableNamesOf(await source.read(offset, size), failFor(source, entry));
    }
  }
}

/** Reads the variables of a SavedModel folder, see `readCheckpoint`. */
export function readSavedModelVariables(folder: string): Promise<Weights> {
  return readCheckpoint(join(folder, 'variables', 'variables'));
}

const five = (n: number) => String(n).padStart(5, '0');

function parseIndex(bytes: Uint8Array, name: string): { entries: Entry[]; shards: number } {
  const table = tableEntries(bytes, name);
  const fail = (problem: string): never => {
    throw new UserError(`${name} is damaged: ${problem}.`);
  };
  if (table[0]?.key !== '') return fail('it has no header');
  const header = new Message(table[0].value, fail);
  const shards = header.integer(1);
  if (header.integer(2) !== 0)
    throw new UserError(`${name} holds big-endian numbers, which are not read here.`);
  const entries = table.slice(1).map(({ key, value }) => parseEntry(key, value, name));
  if (new Set(entries.map((entry) => entry.name)).size < entries.length) fail('it names a tensor twice');
  const lost = entries.find(({ shard }) => shard < 0 || shard >= shards);
  // There are no more files than tensors, so that a hostile count costs nothing.
  if (lost || shards > Math.max(entries.length, 1))
    fail(`its ${count(shards)} data files do not fit its tensors`);
  return { entries, shards };
}

function parseEntry(name: string, value: Uint8Array, file: string): Entry {
  const fail = (problem: string): never => {
    throw new UserError(`${file} is damaged at tensor ${shown(name)}: ${problem}.`);
  };
  const entry = new Message(value, fail);
  if (entry.has(7))
    throw new UserError(`${file}: tensor ${shown(name)} is stored in slices, which is not read here.`);
  const dtype = entry.integer(1);
  const shape = shapeOf(entry.message(2), fail);
  const format = checkpointDtypes.get(dtype);
  if (!format && !isSkipped(dtype)) {
    throw new UserError(
      `${file}: tensor ${shown(name)} is of TensorFlow's type ${dtype}, which is not read here.`,
    );
  }
  const [offset, size] = [entry.integer(4), entry.integer(5)];
  if (offset < 0 || size < 0) fail('its place is negative');
  const needed = format ? elementsOf(shape) * bytesPer[format] : size;
  if (needed !== size)
    fail(`shape [${shape.join(', ')}] needs ${count(needed)} bytes, it has ${count(size)}`);
  return { name, dtype, shape, shard: entry.integer(3), offset, size, checksum: entry.fixed(6) };
}

/** Tensors that lie over each other could ask for far more memory than the file is large. */
function checkRoom(entries: readonly Entry[], source: ByteSource): void {
  let position = 0;
  for (const { name, offset, size } of [...entries].sort((a, b) => a.offset - b.offset || a.size - b.size)) {
    if (offset < position)
      throw new UserError(`${source.name} is damaged: tensor ${shown(name)} overlaps another.`);
    position = offset + size;
  }
  if (position > source.size) {
    throw new UserError(
      `${source.name} is cut short: the index announces ${count(position)} bytes, it has ${count(source.size)}.`,
    );
  }
}

async function readNumbers(tensor: { entry: Entry; format: NumberFormat; source: ByteSource }) {
  const { entry, format, source } = tensor;
  const bytes = await source.read(entry.offset, entry.size);
  const stored = new DataView(entry.checksum.buffer, entry.checksum.byteOffset, entry.checksum.byteLength);
  if (stored.byteLength !== 4 || stored.getUint32(0, true) !== maskedCrc32c(bytes)) {
    failFor(source, entry)('it does not have its checksum; fetch or copy the file again');
  }
  return numbersOf(format, bytes);
}

function failFor(source: ByteSource, { name }: Entry): Fail {
  return (problem) => {
    throw new UserError(`${source.name} is damaged at tensor ${shown(name)}: ${problem}.`);
  };
}
