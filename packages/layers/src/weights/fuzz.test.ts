import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, type Stream, stream, UserError } from '@resizer-lab/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from './checkpoint.ts';
import { decodeCheckpointV1 } from './checkpoint-v1.ts';
import { decodeKerasH5 } from './keras-reader.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import { tableEntries } from './table.ts';
import type { Weights } from './tensor.ts';
import { fixture, fixtureWeights, tableOf } from './testing.ts';
import { readTfjsWeights } from './tfjs.ts';

/** Of each reader; the two files of a checkpoint share them. */
const cases = 2000;

/** What an attacker, a bad disk or a broken download does to bytes. */
function damaged(bytes: Uint8Array, random: Stream): Uint8Array {
  const copy = Buffer.from(bytes);
  if (copy.byteLength === 0) return copy;
  const kind = random.integer(5);
  if (kind === 0) return copy.subarray(0, random.integer(copy.byteLength));
  // Headers are short, so half of the damage is aimed at the first kilobyte.
  const reach = random.integer(2) ? Math.min(copy.byteLength, 1024) : copy.byteLength;
  for (let n = 1 + random.integer(8); n > 0; n--) {
    const at = random.integer(reach);
    if (kind === 1) copy[at]! ^= 1 << random.integer(8);
    else if (kind === 2) copy[at] = random.integer(256);
    else if (kind === 3) copy.subarray(at, at + 1 + random.integer(8)).fill(random.integer(2) ? 0xff : 0x7f);
    else copy.copy(copy, at, random.integer(copy.byteLength), random.integer(copy.byteLength));
  }
  return copy;
}

const hostileNumbers = [
  '-1',
  '1e308',
  '9007199254740993',
  '4294967296',
  '0.5',
  '1e999',
  '[]',
  'null',
  '"1"',
  '{}',
];

/** JSON in which some numbers are replaced by what should not stand there. */
function withHostileNumbers(json: string, random: Stream): string {
  return json.replace(/\d+/g, (digits) =>
    random.integer(12) === 0 ? hostileNumbers[random.integer(hostileNumbers.length)]! : digits,
  );
}

/**
 * Reads so many damaged files. Each must give weights that are no larger than `limit` bytes, or a
 * UserError of one short line, and end: no case takes seconds, however busy the machine is.
 */
async function survives(
  name: string,
  {
    limit,
    read,
    runs = cases,
  }: { limit: number; runs?: number; read: (random: Stream) => Promise<Weights> | Weights },
): Promise<void> {
  const outcomes = { read: 0, refused: 0 };
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    try {
      const weights = await read(stream(1, name, i));
      outcomes.read++;
      const bytes = [...weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
      expect(bytes, `size of case ${i}`).toBeLessThanOrEqual(limit);
    } catch (error) {
      if (!(error instanceof UserError)) throw new Error(`case ${i}: ${messageOf(error)}`, { cause: error });
      expect(error.message, `message of case ${i}`).toMatch(/^.{10,500}$/);
      outcomes.refused++;
    }
    expect(performance.now() - start, `milliseconds of case ${i}`).toBeLessThan(5000);
  }
  expect(outcomes.refused).toBeGreaterThan(runs / 4);
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('damaged files end in weights or in one clear line', () => {
  it('safetensors, bytes', async () => {
    const bytes = encodeSafetensors(fixtureWeights(), { a: 'b' });
    const read = async (random: Stream) => (await decodeSafetensors(damaged(bytes, random), 'x')).tensors;
    await survives('safetensors', { limit: 4 * bytes.byteLength, read });
  });

  it('safetensors, header', async () => {
    const bytes = Buffer.from(encodeSafetensors(fixtureWeights()));
    const header = bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE()));
    const data = bytes.subarray(8 + header.length);
    const read = async (random: Stream) => {
      const hostile = Buffer.from(withHostileNumbers(header, random));
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(hostile.byteLength));
      return (await decodeSafetensors(Buffer.concat([size, hostile, data]), 'x')).tensors;
    };
    await survives('safetensors header', { limit: 4 * bytes.byteLength, read });
  });

  it.each(['keras2.h5', 'keras3.weights.h5'])('HDF5, %s', async (file) => {
    const bytes = await readFile(fixture(file));
    const read = (random: Stream) => decodeKerasH5(damaged(bytes, random), 'x');
    await survives(file, { limit: 8 * bytes.byteLength, read });
  });

  it('TensorFlow checkpoint, version 1, bytes', async () => {
    const bytes = await readFile(fixture('slim_v1.ckpt'));
    const read = (random: Stream) => decodeCheckpointV1(damaged(bytes, random), 'x');
    await survives('v1', { limit: 8 * bytes.byteLength, read });
  });

  it('TensorFlow checkpoint, version 1, entries behind right checksums', async () => {
    const bytes = await readFile(fixture('slim_v1.ckpt'));
    const entries = tableEntries(bytes, 'x');
    const read = (random: Stream) => {
      const hostile = entries.map(({ key, value }) => ({
        key,
        value: random.integer(4) ? value : damaged(value, random),
      }));
      return decodeCheckpointV1(tableOf(hostile, { snappy: random.integer(2) === 0 }), 'x');
    };
    await survives('v1 entries', { limit: 8 * bytes.byteLength, read });
  });

  it('TensorFlow checkpoint, version 2, bytes of either file', async () => {
    const [index, data] = [
      await readFile(fixture('tf2.index')),
      await readFile(fixture('tf2.data-00000-of-00001')),
    ];
    const read = async (random: Stream) => {
      const which = random.integer(2);
      await writeFile(join(folder, 'v2.index'), which ? damaged(index, random) : index);
      await writeFile(join(folder, 'v2.data-00000-of-00001'), which ? data : damaged(data, random));
      return readCheckpoint(join(folder, 'v2'));
    };
    await survives('v2', { runs: cases / 2, limit: 2 * data.byteLength, read });
  });

  it('TensorFlow checkpoint, version 2, entries behind right checksums', async () => {
    const entries = tableEntries(await readFile(fixture('slim_v2.ckpt.index')), 'x');
    const data = await readFile(fixture('slim_v2.ckpt.data-00000-of-00001'));
    await writeFile(join(folder, 'entries.data-00000-of-00001'), data);
    const read = async (random: Stream) => {
      const hostile = entries.map(({ key, value }) => ({
        key,
        value: random.integer(8) ? value : damaged(value, random),
      }));
      await writeFile(join(folder, 'entries.index'), tableOf(hostile, { snappy: random.integer(2) === 0 }));
      return readCheckpoint(join(folder, 'entries'));
    };
    await survives('v2 entries', { runs: cases / 2, limit: 4 * data.byteLength, read });
  });

  it('TensorFlow.js', async () => {
    const weights = [...fixtureWeights()].map(([name, { shape }], i) => ({
      name,
      shape,
      dtype: 'float32',
      ...(i % 3 === 0 ? { quantization: { dtype: 'uint8', scale: 0.5, min: -1 } } : {}),
    }));
    const json = JSON.stringify({ weightsManifest: [{ paths: ['a.bin'], weights }] });
    await writeFile(join(folder, 'a.bin'), Buffer.alloc(5000));
    const read = async (random: Stream) => {
      const text = random.integer(2) ? withHostileNumbers(json, random) : damaged(Buffer.from(json), random);
      await writeFile(join(folder, 'model.json'), text);
      return readTfjsWeights(join(folder, 'model.json'));
    };
    await survives('tfjs', { limit: 20_000, read });
  });
});
