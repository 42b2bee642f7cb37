import { fileURLToPath } from 'node:url';
import { maskedCrc32c } from './crc32c.ts';
import type { Weights, WeightTensor } from './tensor.ts';

/** A file of `interop/fixtures`, written by the real tools, see the README there. */
export const fixture = (name: string) =>
  fileURLToPath(new URL(`../../interop/fixtures/${name}`, import.meta.url));

/** The weights of the fixtures, in the order of `interop/tools.py`. */
const shapes: readonly [string, number[]][] = [
  ['conv/kernel', [3, 3, 3, 4]],
  ['conv/bias', [4]],
  ['bn/gamma', [4]],
  ['bn/beta', [4]],
  ['bn/moving_mean', [4]],
  ['bn/moving_variance', [4]],
  ['depthwise/depthwise_kernel', [3, 3, 4, 1]],
  ['separable/depthwise_kernel', [3, 3, 4, 1]],
  ['separable/pointwise_kernel', [1, 1, 4, 2]],
  ['separable/bias', [2]],
  ['predictions/kernel', [2, 2]],
  ['predictions/bias', [2]],
];

/** Number `i` of weight `w` is `w + i / 64`. */
export function fixtureWeights(prefix = ''): Map<string, WeightTensor<Float32Array>> {
  return new Map(
    shapes.map(([name, shape], w) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [`${prefix}${name}`, { shape, data: Float32Array.from({ length: size }, (_, i) => w + i / 64) }];
    }),
  );
}

/** The order in a file is not ours. */
export const sorted = (weights: Weights) => [...weights].sort(([a], [b]) => (a < b ? -1 : 1));

/** A LevelDB table of one block; with `snappy`, compressed as literals. */
export function tableOf(
  entries: readonly { key: string; value: Uint8Array }[],
  { snappy = false } = {},
): Uint8Array {
  const last = entries.at(-1)?.key ?? '';
  const plain = blockOf(entries);
  const data = withTrailer(snappy ? snappyLiterals(plain) : plain, snappy ? 1 : 0);
  const index = withTrailer(blockOf([{ key: last, value: handle(0, data.byteLength - 5) }]), 0);
  const footer = Buffer.alloc(48);
  footer.set(Buffer.concat([Buffer.of(0, 0), handle(data.byteLength, index.byteLength - 5)]));
  footer.set([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb], 40);
  return Buffer.concat([data, index, footer]);
}

function blockOf(entries: readonly { key: string; value: Uint8Array }[]): Buffer {
  const parts = entries.map(({ key, value }) => {
    const name = Buffer.from(key);
    return Buffer.concat([varint(0), varint(name.byteLength), varint(value.byteLength), name, value]);
  });
  const restarts = Buffer.of(0, 0, 0, 0, 1, 0, 0, 0);
  return Buffer.concat([...parts, restarts]);
}

function withTrailer(content: Buffer, compression: number): Buffer {
  const stored = Buffer.concat([content, Buffer.of(compression)]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(maskedCrc32c(stored));
  return Buffer.concat([stored, checksum]);
}

function snappyLiterals(bytes: Buffer): Buffer {
  const parts: Buffer[] = [varint(bytes.byteLength)];
  for (let at = 0; at < bytes.byteLength; at += 60) {
    const literal = bytes.subarray(at, at + 60);
    parts.push(Buffer.of((literal.byteLength - 1) << 2), literal);
  }
  return Buffer.concat(parts);
}

const handle = (offset: number, size: number) => Buffer.concat([varint(offset), varint(size)]);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.of(...bytes, rest);
}
