import { elementsOf, type WeightTensor } from './tensor.ts';

/** A group to write: its members by name, and its attributes of text. */
export interface Hdf5Group {
  readonly members: ReadonlyMap<string, Hdf5Group | WeightTensor>;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Children of a B-tree node: twice the "group internal node K" that HDF5 writes by default. */
const treeWidth = 32;

interface Context {
  readonly pieces: Uint8Array[];
  /** Of the byte after the last piece. */
  position: number;
  /** Symbols of a leaf: twice the "group leaf node K" of the file. */
  readonly leafWidth: number;
}

interface Placed {
  readonly name: string;
  readonly address: number;
}

/**
 * The pieces of an HDF5 file in the oldest layout, which every HDF5 library reads (File Format
 * Specification 3.0: superblock 0, symbol tables, contiguous data). Equal groups give equal bytes.
 */
export function hdf5Pieces(root: Hdf5Group): Uint8Array[] {
  const superblock = new Uint8Array(96);
  const context: Context = { pieces: [superblock], position: 96, leafWidth: leafWidth(root) };
  const address = placeGroup(root, context);
  superblock.set(superblockOf({ address, end: context.position, leafWidth: context.leafWidth }));
  return context.pieces;
}

/** All symbols of the largest group must fit under one B-tree node. */
function leafWidth(root: Hdf5Group): number {
  const largest = (group: Hdf5Group): number =>
    Math.max(
      group.members.size,
      ...[...group.members.values()].map((m) => ('members' in m ? largest(m) : 0)),
    );
  return Math.max(8, 2 * Math.ceil(largest(root) / treeWidth / 2));
}

function superblockOf(file: { address: number; end: number; leafWidth: number }): Uint8Array {
  return new Fields(96)
    .bytes(Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'))
    .u8(0, 0, 0, 0, 0, 8, 8, 0)
    .u16(file.leafWidth / 2, treeWidth / 2)
    .u32(0)
    .u64(0, undefinedAddress, file.end, undefinedAddress)
    .u64(0, file.address).data;
}

const undefinedAddress = 2n ** 64n - 1n;

/** Writes the members, then the group's names, leaves, tree and header; gives the header's address. */
function placeGroup({ members, attributes = {} }: Hdf5Group, context: Context): number {
  const placed: Placed[] = [...members]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, member]) => ({
      name,
      address: 'members' in member ? placeGroup(member, context) : placeDataset(member, context),
    }));
  const { heap, offsets } = placeNames(placed, context);
  const tree = placeTree(placed, { offsets, context });
  const table = message(0x11, new Fields(16).u64(tree, heap));
  return placeHeader([table, ...Object.entries(attributes).map(textAttribute)], context);
}

/** The local heap: an empty name, then each name with its NUL, padded to 8 bytes. */
function placeNames(members: readonly Placed[], context: Context): { heap: number; offsets: number[] } {
  const offsets: number[] = [];
  const names: Buffer[] = [Buffer.alloc(8)];
  let size = 8;
  for (const { name } of members) {
    offsets.push(size);
    const padded = Buffer.alloc(roundUp(Buffer.byteLength(name) + 1));
    padded.write(name);
    names.push(padded);
    size += padded.byteLength;
  }
  const data = place(Buffer.concat(names), context);
  const noFreeSpace = 1;
  const heap = place(new Fields(32).ascii('HEAP').u32(0).u64(size, noFreeSpace, data).data, context);
  return { heap, offsets };
}

/** The leaves, and the one node of the B-tree above them; its keys are the last names of the leaves. */
function placeTree(
  members: readonly Placed[],
  { offsets, context }: { offsets: readonly number[]; context: Context },
): number {
  const node = new Fields(24 + 8 + 16 * treeWidth).ascii('TREE').u8(0, 0);
  const leaves = Math.ceil(members.length / context.leafWidth);
  node.u16(leaves).u64(undefinedAddress, undefinedAddress, 0);
  for (let i = 0; i < leaves; i++) {
    const start = i * context.leafWidth;
    const within = members.slice(start, start + context.leafWidth);
    const leaf = new Fields(8 + 40 * context.leafWidth).ascii('SNOD').u8(1, 0).u16(within.length);
    within.forEach(({ address }, j) => leaf.u64(offsets[start + j]!, address).u64(0, 0, 0));
    node.u64(place(leaf.data, context), offsets[start + within.length - 1]!);
  }
  return place(node.data, context);
}

function placeDataset({ shape, data }: WeightTensor, context: Context): number {
  if (elementsOf(shape) !== data.length) {
    throw new TypeError(`${data.length} values do not fill the shape [${shape.join(', ')}]`);
  }
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const address = data.byteLength > 0 ? place(raw, context) : undefinedAddress;
  const space = new Fields(8 + 8 * shape.length)
    .u8(1, shape.length, 0, 0)
    .u32(0)
    .u64(...shape);
  const layout = new Fields(24).u8(3, 1).u64(address, data.byteLength);
  return placeHeader([message(0x01, space), message(0x03, datatypeOf(data)), message(0x08, layout)], context);
}

function datatypeOf(data: WeightTensor['data']): Fields {
  const size = data.BYTES_PER_ELEMENT;
  // IEEE 754 binary32, little-endian: sign at bit 31, 8 bits of exponent from 23, 23 of mantissa from 0.
  if (data instanceof Float32Array) {
    return new Fields(24).u8(0x11, 0x20, 31, 0).u32(4).u16(0, 32).u8(23, 8, 0, 23).u32(127);
  }
  const signed = data instanceof Uint8Array ? 0 : 8;
  return new Fields(16)
    .u8(0x10, signed, 0, 0)
    .u32(size)
    .u16(0, 8 * size);
}

/** An attribute of one text, UTF-8, of fixed length. */
function textAttribute([name, value]: [string, string]): Uint8Array {
  const length = Math.max(Buffer.byteLength(value), 1);
  const nameSize = Buffer.byteLength(name) + 1;
  const size = 8 + roundUp(nameSize) + 8 + 8 + roundUp(length);
  const utf8NullPadded = 0x11;
  const fields = new Fields(size).u8(1, 0).u16(nameSize, 8, 8).text(name, roundUp(nameSize));
  return message(
    0x0c,
    fields.u8(0x13, utf8NullPadded, 0, 0).u32(length).u8(1, 0).bytes(new Uint8Array(6)).text(value, length),
  );
}

function message(type: number, { data }: Fields): Uint8Array {
  return new Fields(8 + data.byteLength).u16(type, data.byteLength).u32(0).bytes(data).data;
}

function placeHeader(messages: readonly Uint8Array[], context: Context): number {
  const size = messages.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const header = new Fields(16 + size).u8(1, 0).u16(messages.length).u32(1, size, 0);
  for (const bytes of messages) header.bytes(bytes);
  return place(header.data, context);
}

/** Appends a piece, padded to 8 bytes, and gives its address. */
function place(bytes: Uint8Array, context: Context): number {
  const address = context.position;
  context.pieces.push(bytes);
  const padding = roundUp(bytes.byteLength) - bytes.byteLength;
  if (padding > 0) context.pieces.push(new Uint8Array(padding));
  context.position += bytes.byteLength + padding;
  return address;
}

const roundUp = (size: number) => Math.ceil(size / 8) * 8;

/** A record of fixed size, filled from its start, little-endian; the rest stays zero. */
class Fields {
  readonly data: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.data = new Uint8Array(size);
    this.#view = new DataView(this.data.buffer);
  }

  u8(...values: number[]): this {
    for (const value of values) this.#view.setUint8(this.#skip(1), value);
    return this;
  }

  u16(...values: number[]): this {
    for (const value of values) this.#view.setUint16(this.#skip(2), value, true);
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) this.#view.setUint32(this.#skip(4), value, true);
    return this;
  }

  u64(...values: (number | bigint)[]): this {
    for (const value of values) this.#view.setBigUint64(this.#skip(8), BigInt(value), true);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.data.set(value, this.#skip(value.byteLength));
    return this;
  }

  ascii(value: string): this {
    return this.text(value, value.length);
  }

  text(value: string, size: number): this {
    const field = Buffer.alloc(size);
    field.write(value);
    return this.bytes(field);
  }

  #skip(size: number): number {
    this.#at += size;
    return this.#at - size;
  }
}
