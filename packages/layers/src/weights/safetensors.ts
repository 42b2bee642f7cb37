import { canonicalJson, UserError, writeAtomically } from '@resizer-lab/base';
import { duplicateKey } from './json-keys.ts';
import { bytesPer, type NumberFormat, numbersOf } from './numbers.ts';
import { type ByteSource, memorySource, withFile } from './source.ts';
import {
  checkedShape,
  count,
  elementsOf,
  isRecord,
  shown,
  type TensorData,
  type Weights,
  type WeightTensor,
} from './tensor.ts';

/** The content of a safetensors file. */
export interface Safetensors {
  /** In the order of their data in the file. */
  readonly tensors: Weights;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The limit of the reference implementation (huggingface/safetensors, `MAX_HEADER_SIZE`). */
const maxHeader = 100_000_000;

const formats: ReadonlyMap<unknown, NumberFormat> = new Map([
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['U8', 'uint8'],
]);

interface Entry {
  readonly name: string;
  readonly format: NumberFormat;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a safetensors file. F16, BF16 and F64 become float32; I32, I64 and U8 stay what they are.
 * Strict, as the format asks: the tensors fill the file, without overlap, gap or rest.
 * @throws UserError that names the file, the tensor and what is wrong with it.
 */
export function readSafetensors(path: string): Promise<Safetensors> {
  return withFile(path, readFrom);
}

/** As `readSafetensors`, from memory. `name` stands for the file in messages. */
export function decodeSafetensors(bytes: Uint8Array, name: string): Promise<Safetensors> {
  return readFrom(memorySource(bytes, name));
}

/**
 * The shapes of a safetensors file's tensors, from its header alone.
 * @throws UserError as `readSafetensors`
 */
export function readSafetensorsShapes(path: string): Promise<Map<string, readonly number[]>> {
  return withFile(path, async (source) => {
    const { entries } = await readHeader(source);
    return new Map(entries.map(({ name, shape }) => [name, shape]));
  });
}

async function readFrom(source: ByteSource): Promise<Safetensors> {
  const { entries, metadata, start } = await readHeader(source);
  const tensors: Weights = new Map();
  for (const { name, format, shape, begin, end } of entries) {
    const bytes = await source.read(start + begin, end - begin);
    tensors.set(name, { shape, data: numbersOf(format, bytes) });
  }
  return { tensors, metadata };
}

/** Entries in the order of their data, which begin at byte `start`. */
async function readHeader(source: ByteSource) {
  const fail = (problem: string): never => {
    throw new UserError(`${source.name} ${problem}`);
  };
  const headerSize = await readHeaderSize(source, fail);
  const start = 8 + headerSize;
  const { entries, metadata } = parseHeader(await source.read(8, headerSize), fail);
  checkLayout(entries, { start, size: source.size, fail });
  return { entries, metadata, start };
}

type Fail = (problem: string) => never;

async function readHeaderSize(source: ByteSource, fail: Fail): Promise<number> {
  if (source.size < 8) return fail(`is cut short: it has ${source.size} bytes, its header alone needs more.`);
  const prefix = await source.read(0, 8);
  const size = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (size > maxHeader) {
    return fail(
      `is not a safetensors file: its first 8 bytes announce a header above ${count(maxHeader)} bytes.`,
    );
  }
  if (8 + size > source.size) {
    return fail(
      `is cut short: its header ends at byte ${count(8 + size)}, the file has ${count(source.size)}.`,
    );
  }
  return size;
}

function parseHeader(bytes: Uint8Array, fail: Fail): { entries: Entry[]; metadata: Record<string, string> } {
  const header = parseObject(bytes, fail);
  const metadata = parseMetadata(header['__metadata__'], fail);
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => parseEntry(name, entry, fail))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  return { entries, metadata };
}

function parseObject(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown;
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    return fail('is not a safetensors file: its header is not JSON.');
  }
  if (!text.startsWith('{') || !isRecord(header)) {
    return fail('is not a safetensors file: its header is not a JSON object.');
  }
  const twice = duplicateKey(text);
  return twice === undefined ? header : fail(`is damaged: its header gives ${shown(twice)} twice.`);
}

function parseMetadata(metadata: unknown, fail: Fail): Record<string, string> {
  if (metadata === undefined) return {};
  if (!isRecord(metadata)) return fail('is damaged: its metadata is not an object.');
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) =>
      typeof value === 'string' ? [key, value] : fail(`is damaged: its metadata ${shown(key)} is not text.`),
    ),
  );
}

function parseEntry(name: string, entry: unknown, failFile: Fail): Entry {
  const fail = (problem: string): never => failFile(`is damaged at tensor ${shown(name)}: ${problem}.`);
  if (!isRecord(entry)) return fail('its entry is not an object');
  const unknownField = Object.keys(entry).find((key) => !['dtype', 'shape', 'data_offsets'].includes(key));
  if (unknownField !== undefined) fail(`unknown field ${shown(unknownField)}`);
  const format = formats.get(entry['dtype']);
  if (format === undefined) {
    return fail(`its dtype is ${shown(entry['dtype'])}, known are ${[...formats.keys()].join(', ')}`);
  }
  const shape = checkedShape(entry['shape'], fail);
  const [begin, end] = parseOffsets(entry['data_offsets'], fail);
  const needed = elementsOf(shape) * bytesPer[format];
  if (end - begin !== needed) {
    fail(`shape [${shape.join(', ')}] needs ${count(needed)} bytes, its offsets span ${count(end - begin)}`);
  }
  return { name, format, shape, begin, end };
}

function parseOffsets(offsets: unknown, fail: Fail): [number, number] {
  const isOffset = (x: unknown): x is number => typeof x === 'number' && Number.isSafeInteger(x) && x >= 0;
  if (Array.isArray(offsets) && offsets.length === 2) {
    const [begin, end] = offsets as unknown[];
    if (isOffset(begin) && isOffset(end) && begin <= end) return [begin, end];
  }
  return fail('its data_offsets are not two ascending byte positions');
}

/** The tensors, sorted by position, must tile the rest of the file. */
function checkLayout(
  entries: readonly Entry[],
  { start, size, fail }: { start: number; size: number; fail: Fail },
): void {
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (begin < position) fail(`is damaged at tensor ${shown(name)}: it overlaps the tensor before it.`);
    if (begin > position) {
      fail(`is damaged at tensor ${shown(name)}: ${count(begin - position)} unused bytes lie before it.`);
    }
    position = end;
  }
  const announced = start + position;
  if (announced > size) {
    fail(`is cut short: the header announces ${count(announced)} bytes, the file has ${count(size)}.`);
  }
  if (announced < size) {
    fail(`is damaged: ${count(size - announced)} bytes follow the last tensor.`);
  }
}

/**
 * Writes a safetensors file atomically. The same tensors in the same order, and the same metadata,
 * give the same bytes. As in the reference implementation the header is padded with spaces to a
 * multiple of 8 bytes and wider numbers come first, so that all data are aligned.
 * @throws UserError if the file cannot be written (disk full, no folder, …): the old one is untouched.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, WeightTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeAtomically(path, piecesOf(tensors, metadata));
}

/** As `writeSafetensors`, into memory. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, WeightTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  return Buffer.concat(piecesOf(tensors, metadata));
}

function piecesOf(
  tensors: ReadonlyMap<string, WeightTensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const fields = Object.keys(metadata).length > 0 ? [`"__metadata__":${canonicalJson(metadata)}`] : [];
  const sorted = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const pieces: Uint8Array[] = [];
  let position = 0;
  for (const [name, { shape, data }] of sorted) {
    if (name === '__metadata__') throw new TypeError('No tensor can be called __metadata__ in safetensors');
    if (elementsOf(shape) !== data.length) {
      throw new TypeError(`${name}: ${data.length} values do not fill the shape [${shape.join(', ')}]`);
    }
    const end = position + data.byteLength;
    const entry = { dtype: dtypeOf(data), shape, data_offsets: [position, end] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    pieces.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    position = end;
  }
  return [headerOf(`{${fields.join(',')}}`), ...pieces];
}

function headerOf(json: string): Uint8Array {
  const text = Buffer.from(json);
  const size = Math.ceil(text.byteLength / 8) * 8;
  const header = Buffer.alloc(8 + size, ' ');
  header.writeBigUInt64LE(BigInt(size));
  text.copy(header, 8);
  return header;
}

function dtypeOf(data: TensorData): string {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Int32Array) return 'I32';
  return data instanceof BigInt64Array ? 'I64' : 'U8';
}
