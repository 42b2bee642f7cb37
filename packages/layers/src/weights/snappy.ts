import { ByteReader } from './varint.ts';

/** No compressed byte gives more than this: a copy of 64 bytes takes at least 2. */
const maxExpansion = 64;

/**
 * Decompresses a Snappy block (google/snappy, format_description.txt).
 * @param fail throws the reader's error.
 */
export function snappyDecompress(compressed: Uint8Array, fail: (problem: string) => never): Uint8Array {
  const input = new ByteReader(compressed, fail);
  const size = input.varint();
  if (size > compressed.byteLength * maxExpansion) return fail('it announces more data than it can hold');
  const output = new Uint8Array(size);
  let at = 0;
  while (input.left > 0) {
    const tag = input.u8();
    const literal = (tag & 3) === 0;
    const { length, distance } = literal
      ? { length: literalLength(tag, input), distance: 0 }
      : copyOf(tag, input);
    if (at + length > size) return fail('it holds more data than it announces');
    if (literal) output.set(input.take(length), at);
    else if (distance === 0 || distance > at) return fail('it copies from before its start');
    // A copy may overlap itself to repeat a pattern: byte by byte.
    else for (let i = at; i < at + length; i++) output[i] = output[i - distance]!;
    at += length;
  }
  return at === size ? output : fail('it holds less data than it announces');
}

function literalLength(tag: number, input: ByteReader): number {
  const code = tag >> 2;
  return code < 60 ? code + 1 : littleEndian(input.take(code - 59)) + 1;
}

function copyOf(tag: number, input: ByteReader): { length: number; distance: number } {
  if ((tag & 3) === 1) return { length: ((tag >> 2) & 7) + 4, distance: (tag >> 5) * 256 + input.u8() };
  return { length: (tag >> 2) + 1, distance: littleEndian(input.take((tag & 3) === 2 ? 2 : 4)) };
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
