import type { BoundedBytes } from './hdf5-bytes.ts';
import type { NumberFormat } from './numbers.ts';
import { checkedShape } from './tensor.ts';

/** The shape in a dataspace message, versions 1 and 2. */
export function dataspaceOf(at: number, file: BoundedBytes): number[] {
  const version = file.u8(at);
  if (version !== 1 && version !== 2) file.fail(`a shape has the version ${version}`);
  const rank = file.u8(at + 1);
  if (version === 2 && file.u8(at + 3) === 2) return [0]; // the null dataspace
  const start = at + (version === 1 ? 8 : 4);
  const shape = Array.from({ length: rank }, (_, i) => file.u64(start + i * 8));
  return checkedShape(shape, (problem) => file.fail(`a dataset is wrong: ${problem}`));
}

const datatypeClass = { integer: 0, float: 1, text: 3, variableLength: 9 };

/** Little-endian numbers by class, bytes, and for floats the bits of exponent and mantissa. */
const formats: Readonly<Record<string, NumberFormat>> = {
  'float 8 11 52': 'float64',
  'float 4 8 23': 'float32',
  'float 2 5 10': 'float16',
  'float 2 8 7': 'bfloat16',
  'signed 8': 'int64',
  'signed 4': 'int32',
  'unsigned 1': 'uint8',
};

/** The format of the numbers in a datatype message. */
export function formatOf(at: number, file: BoundedBytes): NumberFormat {
  const kind = file.u8(at) & 0x0f;
  const size = file.u32(at + 4);
  const bits = file.u8(at + 1);
  let key = `class ${kind}`;
  if (kind === datatypeClass.float) key = `float ${size} ${file.u8(at + 13)} ${file.u8(at + 15)}`;
  if (kind === datatypeClass.integer) key = `${bits & 8 ? 'signed' : 'unsigned'} ${size}`;
  if (bits & 1 && size > 1) key = `big-endian ${key}`;
  return formats[key] ?? file.fail(`a dataset has numbers of a type that weights do not have (${key})`);
}

interface StringData {
  readonly typeAt: number;
  readonly elements: number;
  readonly dataAt: number;
}

/** Texts of fixed length, or of variable length in the global heap. */
export function stringsOf({ typeAt, elements, dataAt }: StringData, file: BoundedBytes): string[] {
  const kind = file.u8(typeAt) & 0x0f;
  const size = file.u32(typeAt + 4);
  const texts: string[] = [];
  for (let i = 0; i < elements; i++) {
    const at = dataAt + i * size;
    if (kind === datatypeClass.text) texts.push(file.text(at, size));
    else if (kind === datatypeClass.variableLength) texts.push(heapText(at, file));
    else return file.fail('an attribute that should be text is not');
  }
  return texts;
}

/** A text of variable length: its length, and where in the global heap it lies. */
function heapText(at: number, file: BoundedBytes): string {
  const length = file.u32(at);
  if (length === 0) return '';
  const collection = file.u64(at + 4);
  const wanted = file.u32(at + 12);
  if (file.text(collection, 4) !== 'GCOL') return file.fail('a text lies in no heap');
  const end = collection + file.u64(collection + 8);
  let object = collection + 16;
  while (object + 16 <= end) {
    const index = file.u16(object);
    const size = file.u64(object + 8);
    if (index === wanted) return file.text(object + 16, Math.min(length, size));
    if (index === 0) break; // the free space at the end
    object += 16 + Math.ceil(size / 8) * 8;
  }
  return file.fail('a text is not in its heap');
}
