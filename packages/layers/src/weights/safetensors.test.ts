import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  readSafetensorsShapes,
  writeSafetensors,
} from './safetensors.ts';
import type { WeightTensor } from './tensor.ts';

/**
 * Made by safetensors 0.8.0 for Python with torch 2.13.0: `save({'a/kernel': arange(6).reshape(2, 3) - 2.5,
 * 'half': [1.5, -2, 65504, 6e-8] (float16), 'brain': [1.5, -3e38] (bfloat16), 'wide': [0.1] (float64),
 * 'step': 2**40 + 1 (int64), 'bytes': [1, 255] (uint8), 'empty': zeros(0, 4), 'int': [-7] (int32)},
 * {'format': 'pt'})`.
 */
const fromPython = Buffer.from(
  '+AEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJzdGVwIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOltdLCJkYXRhX29m' +
    'ZnNldHMiOlswLDhdfSwid2lkZSI6eyJkdHlwZSI6IkY2NCIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzgsMTZdfSwiYS9rZXJuZWwi' +
    'OnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsM10sImRhdGFfb2Zmc2V0cyI6WzE2LDQwXX0sImVtcHR5Ijp7ImR0eXBlIjoiRjMyIiwic2hh' +
    'cGUiOlswLDRdLCJkYXRhX29mZnNldHMiOls0MCw0MF19LCJpbnQiOnsiZHR5cGUiOiJJMzIiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMi' +
    'Ols0MCw0NF19LCJicmFpbiI6eyJkdHlwZSI6IkJGMTYiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOls0NCw0OF19LCJoYWxmIjp7ImR0' +
    'eXBlIjoiRjE2Iiwic2hhcGUiOls0XSwiZGF0YV9vZmZzZXRzIjpbNDgsNTZdfSwiYnl0ZXMiOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpbMl0s' +
    'ImRhdGFfb2Zmc2V0cyI6WzU2LDU4XX19ICABAAAAAAEAAJqZmZmZmbk/AAAgwAAAwL8AAAC/AAAAPwAAwD8AACBA+f///8A/Yv8APgDA/3sB' +
    'AAH/',
  'base64',
);

/** A file with this header text and so many bytes of data. */
function file(header: unknown, dataBytes: number): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.byteLength));
  return Buffer.concat([size, text, Buffer.alloc(dataBytes)]);
}

const entry = (shape: unknown, data_offsets: unknown, dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets,
});

describe('decodeSafetensors', () => {
  it('reads what the Python package wrote', async () => {
    const { tensors, metadata } = await decodeSafetensors(fromPython, 'python');
    expect(metadata).toEqual({ format: 'pt' });
    const f = Math.fround;
    expect(Object.fromEntries(tensors)).toEqual({
      step: { shape: [], data: BigInt64Array.of(2n ** 40n + 1n) },
      wide: { shape: [1], data: Float32Array.of(f(0.1)) },
      'a/kernel': { shape: [2, 3], data: Float32Array.of(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5) },
      empty: { shape: [0, 4], data: new Float32Array(0) },
      int: { shape: [1], data: Int32Array.of(-7) },
      // bfloat16 keeps the upper 16 bits of a float32: 0xff62 is -3.0041…e38
      brain: { shape: [2], data: new Float32Array(Uint32Array.of(0x3fc00000, 0xff620000).buffer) },
      half: { shape: [4], data: Float32Array.of(1.5, -2, 65504, 2 ** -24) },
      bytes: { shape: [2], data: Uint8Array.of(1, 255) },
    });
  });

  it('knows the specials of half precision', async () => {
    const halves = Uint16Array.of(0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x7c00, 0xfc00, 0x7e00);
    const bytes = file({ h: entry([8], [0, 16], 'F16') }, 16);
    bytes.set(new Uint8Array(halves.buffer), bytes.byteLength - 16);
    const { tensors } = await decodeSafetensors(bytes, 'halves');
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
    expect([...tensors.get('h')!.data]).toEqual([
      0,
      -0,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      infinity,
      -infinity,
      nan,
    ]);
  });

  it('gives back what encodeSafetensors took, bit for bit and in the order of the data', async () => {
    const numbers = fc.oneof(
      fc.float32Array(),
      fc.int32Array(),
      fc.uint8Array(),
      fc.bigInt64Array().map((data) => BigInt64Array.from(data)),
    );
    const tensor = numbers.map((data): WeightTensor => ({ shape: [1, data.length], data }));
    const name = fc.string({ unit: 'grapheme' }).filter((n) => n !== '__metadata__');
    const named = fc.uniqueArray(fc.tuple(name, tensor), { selector: ([n]) => n });
    const metadata = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));
    await fc.assert(
      fc.asyncProperty(named, metadata, async (tensors, extra) => {
        const bytes = encodeSafetensors(new Map(tensors), extra);
        const read = await decodeSafetensors(bytes, 'round trip');
        expect(read.metadata).toEqual({ ...extra });
        expect(new Map(read.tensors)).toEqual(new Map(tensors));
        expect(Buffer.from(encodeSafetensors(read.tensors, read.metadata)).equals(bytes)).toBe(true);
        expect(Buffer.from(bytes).readBigUInt64LE() % 8n).toBe(0n);
      }),
    );
  });

  it('takes the tensors in any order of the header', async () => {
    const { tensors } = await decodeSafetensors(
      file({ b: entry([1], [4, 8]), a: entry([1], [0, 4]) }, 8),
      'x',
    );
    expect([...tensors.keys()]).toEqual(['a', 'b']);
  });

  it.each<[string, Uint8Array, string]>([
    ['no bytes', new Uint8Array(0), 'x is cut short: it has 0 bytes'],
    ['a header above the limit', Buffer.alloc(8, 0xff), 'x is not a safetensors file'],
    ['a header beyond the end', file('{}', 0).subarray(0, 9), 'its header ends at byte 10, the file has 9'],
    ['text that is not JSON', file('{"a":', 0), 'its header is not JSON'],
    ['text that is not UTF-8', file(String.raw`{"é":{}}`, 0).fill(0xff, 10, 12), 'its header is not JSON'],
    ['a list', file([], 0), 'its header is not a JSON object'],
    ['space before the object', file(' {}', 0), 'its header is not a JSON object'],
    ['a name twice', file('{"a": {}, "\\u0061" : {}}', 0), 'x is damaged: its header gives "a" twice'],
    [
      'a field twice',
      file('{"a":{"dtype":"F32","dtype":"U8","shape":[4],"data_offsets":[0,4]}}', 4),
      'its header gives "dtype" twice',
    ],
    ['metadata that is not text', file({ __metadata__: { a: 1 } }, 0), 'its metadata "a" is not text'],
    ['metadata that is a list', file({ __metadata__: [] }, 0), 'its metadata is not an object'],
    ['an entry that is a number', file({ a: 1 }, 0), 'at tensor "a": its entry is not an object'],
    ['an unknown field', file({ a: { ...entry([1], [0, 4]), x: 1 } }, 4), 'at tensor "a": unknown field "x"'],
    [
      'an unknown dtype',
      file({ a: entry([1], [0, 1], 'F8_E4M3') }, 1),
      'its dtype is "F8_E4M3", known are F64',
    ],
    ['no dtype', file({ a: { shape: [1], data_offsets: [0, 4] } }, 4), 'its dtype is undefined'],
    ['no shape', file({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4), 'its shape is not a list'],
    ['a negative dimension', file({ a: entry([-1, -1], [0, 4]) }, 4), 'its shape has the dimension -1'],
    ['a fraction of a dimension', file({ a: entry([1.5], [0, 6]) }, 6), 'its shape has the dimension 1.5'],
    ['a dimension that is text', file({ a: entry(['1'], [0, 4]) }, 4), 'its shape has the dimension "1"'],
    ['a huge dimension', file({ a: entry([2 ** 60], [0, 4]) }, 4), 'its shape has the dimension'],
    [
      'a huge product',
      file({ a: entry([2 ** 52, 2 ** 52, 0], [0, 0]) }, 0),
      'more elements than can be counted',
    ],
    [
      'a shape of another size',
      file({ a: entry([2], [0, 4]) }, 4),
      'shape [2] needs 8 bytes, its offsets span 4',
    ],
    ['descending offsets', file({ a: entry([1], [4, 0]) }, 4), 'its data_offsets are not two ascending'],
    ['negative offsets', file({ a: entry([1], [-4, 0]) }, 4), 'its data_offsets are not two ascending'],
    ['three offsets', file({ a: entry([1], [0, 4, 8]) }, 4), 'its data_offsets are not two ascending'],
    ['an overlap', file({ a: entry([2], [0, 8]), b: entry([2], [4, 12]) }, 12), 'tensor "b": it overlaps'],
    ['a gap', file({ a: entry([1], [0, 4]), b: entry([1], [8, 12]) }, 12), 'tensor "b": 4 unused bytes'],
    ['a gap at the start', file({ a: entry([1], [4, 8]) }, 8), 'tensor "a": 4 unused bytes'],
    ['a rest', file({ a: entry([1], [0, 4]) }, 7), 'x is damaged: 3 bytes follow the last tensor'],
    ['missing data', file({ a: entry([1000], [0, 4000]) }, 8), 'announces 4,068 bytes, the file has 76'],
  ])('refuses %s', async (_what, bytes, message) => {
    const error: unknown = await decodeSafetensors(bytes, 'x').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain(message);
  });

  it('keeps a hostile name short in the message', async () => {
    const bytes = file({ ['a'.repeat(100_000)]: 1 }, 0);
    const error: unknown = await decodeSafetensors(bytes, 'x').catch((e: unknown) => e);
    expect((error as UserError).message.length).toBeLessThan(200);
  });
});

describe('files', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('writes and reads a file, and says where a truncated one ends', async () => {
    const path = join(folder, 'a.safetensors');
    await writeSafetensors(path, new Map([['w', { shape: [1000], data: new Float32Array(1000).fill(3) }]]));
    const whole = await readFile(path);
    expect((await readSafetensors(path)).tensors.get('w')!.data[999]).toBe(3);
    await truncate(path, 2000);
    await expect(readSafetensors(path)).rejects.toThrow(
      `${path} is cut short: the header announces ${whole.byteLength.toLocaleString('en-US')} bytes, the file has 2,000.`,
    );
  });

  it('gives the shapes alone, as strict as when it reads all', async () => {
    const path = join(folder, 'shapes.safetensors');
    const tensors = new Map<string, WeightTensor>([
      ['a', { shape: [2, 3], data: new Float32Array(6) }],
      ['b', { shape: [], data: Int32Array.of(1) }],
    ]);
    await writeSafetensors(path, tensors);
    expect(await readSafetensorsShapes(path)).toEqual(
      new Map([
        ['a', [2, 3]],
        ['b', []],
      ]),
    );
    await truncate(path, 100);
    await expect(readSafetensorsShapes(path)).rejects.toThrow('is cut short');
  });

  it('names a file that is missing, a folder, and a folder that is missing', async () => {
    await expect(readSafetensors(join(folder, 'none'))).rejects.toThrow(`There is no file ${folder}/none`);
    await expect(readSafetensors(folder)).rejects.toThrow('is not a regular file');
    await expect(writeSafetensors(join(folder, 'no', 'a'), new Map())).rejects.toThrow('its folder is gone');
  });

  it('takes values that do not fill their shape for the mistake of a programmer', () => {
    const wrong = new Map([['w', { shape: [3], data: new Float32Array(2) }]]);
    expect(() => encodeSafetensors(wrong)).toThrow('w: 2 values do not fill the shape [3]');
  });

  it('does not follow the header into memory that the file does not have', async () => {
    const path = join(folder, 'huge.safetensors');
    await writeFile(path, file({ a: entry([2 ** 50], [0, 2 ** 52]) }, 8));
    await expect(readSafetensors(path)).rejects.toThrow('is cut short');
  });
});

const real = join(process.env['RESIZER_DATA'] ?? '', '..', 'weights');

describe.skipIf(!process.env['RESIZER_DATA'] || !existsSync(real))(
  'real weights (beside RESIZER_DATA)',
  () => {
    it.each([
      ['mobilenet_v2_1.0_224_imagenet.safetensors', 262, 'predictions/kernel', [1280, 1000]],
      ['efficientnet_lite0_imagenet.safetensors', 247, 'stem_conv/kernel', [3, 3, 3, 32]],
    ])('reads %s', async (name, tensorCount, tensor, shape) => {
      const { tensors } = await readSafetensors(join(real, name));
      expect(tensors.size).toBe(tensorCount);
      expect(tensors.get(tensor)!.shape).toEqual(shape);
      expect(tensors.get(tensor)!.data.every((x) => Number.isFinite(Number(x)))).toBe(true);
    });
  },
);
