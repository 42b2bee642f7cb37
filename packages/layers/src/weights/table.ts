import { UserError } from '@resizer-lab/base';
import { maskedCrc32c } from './crc32c.ts';
import { snappyDecompress } from './snappy.ts';
import { count } from './tensor.ts';
import { ByteReader } from './varint.ts';

type Fail = (problem: string) => never;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

interface TableEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

const footerSize = 48;
const magic = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb);

/** Compression type and checksum after each block. */
const trailerSize = 5;

/** Keys share prefixes, so that a few bytes may stand for a long key; real files stay far below this. */
const maxKeyExpansion = 64;

/**
 * The entries of a LevelDB table (google/leveldb, doc/table_format.md), the container of TensorFlow's
 * checkpoints: blocks of sorted keys and values, with or without Snappy, each with its CRC-32C.
 * @param name stands for the file in messages.
 * @throws UserError that names the file and what is wrong with it.
 */
export function tableEntries(file: Uint8Array, name: string): TableEntry[] {
  const fail = (problem: string): never => {
    throw new UserError(`${name} is damaged or cut short: ${problem}.`);
  };
  if (file.byteLength < footerSize || !endsWith(file, magic)) {
    throw new UserError(
      `${name} is not a TensorFlow checkpoint, or is cut short: its last bytes are not those of one.`,
    );
  }
  const footer = new ByteReader(file.subarray(-footerSize), fail);
  handleOf(footer); // of the meta index, which TensorFlow leaves empty
  const budget = { keys: maxKeyExpansion * file.byteLength };
  const index = entriesOf(blockAt(handleOf(footer), { file, fail }), { budget, fail });
  let end = 0;
  return index.flatMap(({ value }) => {
    const handle = handleOf(new ByteReader(value, fail));
    // Otherwise a small file could name one block again and again.
    if (handle.offset < end) fail('its blocks overlap');
    end = handle.offset + handle.size;
    return entriesOf(blockAt(handle, { file, fail }), { budget, fail });
  });
}

function handleOf(reader: ByteReader): Handle {
  return { offset: reader.varint(), size: reader.varint() };
}

function blockAt({ offset, size }: Handle, { file, fail }: { file: Uint8Array; fail: Fail }): Uint8Array {
  if (offset + size + trailerSize > file.byteLength) {
    return fail(
      `a block ends at byte ${count(offset + size + trailerSize)}, it has ${count(file.byteLength)}`,
    );
  }
  const stored = file.subarray(offset, offset + size);
  const trailer = new ByteReader(file.subarray(offset + size, offset + size + trailerSize), fail);
  const compression = trailer.u8();
  if (trailer.u32() !== maskedCrc32c(file.subarray(offset, offset + size + 1))) {
    return fail(`the block at byte ${count(offset)} does not have its checksum`);
  }
  if (compression === 0) return stored;
  return compression === 1 ? snappyDecompress(stored, fail) : fail(`compression ${compression} is not known`);
}

/** Entries share the start of their key with the one before; the restart points behind them are not needed. */
function entriesOf(
  block: Uint8Array,
  { budget, fail }: { budget: { keys: number }; fail: Fail },
): TableEntry[] {
  if (block.byteLength < 4) return fail('a block is too short');
  const restarts = new ByteReader(block.subarray(-4), fail).u32();
  const end = block.byteLength - 4 - 4 * restarts;
  if (end < 0) return fail('a block has more restart points than bytes');
  const reader = new ByteReader(block.subarray(0, end), fail);
  const entries: TableEntry[] = [];
  let key = Buffer.alloc(0);
  while (reader.left > 0) {
    const [shared, unshared, valueSize] = [reader.varint(), reader.varint(), reader.varint()];
    if (shared > key.byteLength) return fail('a key shares more than its predecessor has');
    budget.keys -= shared + unshared;
    if (budget.keys < 0) return fail('its keys are larger than it can hold');
    key = Buffer.concat([key.subarray(0, shared), reader.take(unshared)]);
    entries.push({ key: key.toString('utf8'), value: reader.take(valueSize) });
  }
  return entries;
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(-end.byteLength)).equals(end);
}
