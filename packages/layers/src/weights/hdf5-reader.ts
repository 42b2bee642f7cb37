import { UserError } from '@resizer-lab/base';
import { BoundedBytes } from './hdf5-bytes.ts';
import { dataspaceOf, formatOf, stringsOf } from './hdf5-types.ts';
import { bytesPer, numbersOf } from './numbers.ts';
import { count, elementsOf, shown, type WeightTensor } from './tensor.ts';

/** A group or a dataset of an HDF5 file. */
export interface Hdf5Node {
  /** The members of a group by name; empty for a dataset. */
  children(): ReadonlyMap<string, Hdf5Node>;
  /** The text, or list of texts, of an attribute; undefined if there is none of this name. */
  strings(attribute: string): string[] | undefined;
  /** The values of a dataset. */
  tensor(): WeightTensor;
}

/**
 * Opens an HDF5 file and gives its root group. It reads what h5py writes by default, and so Keras:
 * groups with symbol tables, contiguous or compact datasets of plain numbers, attributes of text
 * (HDF5 File Format Specification 3.0, superblock version 0 or 1). A chunked, compressed or linked
 * dataset and the newer layout (`libver="latest"`) are refused by name.
 *
 * It is our own because the C library, also compiled to WebAssembly (h5wasm 0.10.3), hangs, aborts
 * or spoils its memory on damaged files, and can be led to other files by links.
 * @param name stands for the file in messages.
 * @throws UserError here and in the methods of the nodes.
 */
export function openHdf5(bytes: Uint8Array, name: string): Hdf5Node {
  if (!startsWith(bytes, '\x89HDF\r\n\x1a\n')) throw new UserError(`${name} is not an HDF5 file.`);
  const file = new BoundedBytes(bytes, name);
  const version = file.u8(8);
  if (version > 1) return unsupported(file, 'the newer layout of HDF5 (libver="latest")');
  if (file.u8(13) !== 8 || file.u8(14) !== 8) return unsupported(file, 'addresses that are not 64 bits wide');
  const addresses = version === 0 ? 24 : 28;
  if (file.u64(addresses) !== 0) return unsupported(file, 'a base address');
  const rootEntry = addresses + 4 * 8;
  const nodes = new Map<number, Hdf5Node>();
  return nodeAt(file.u64(rootEntry + 8), { file, nodes });
}

interface Context {
  readonly file: BoundedBytes;
  /** By address, so that each is read once however many names it has. */
  readonly nodes: Map<number, Hdf5Node>;
}

interface Message {
  readonly type: number;
  readonly at: number;
  readonly size: number;
}

const messageType = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
};

function nodeAt(address: number, context: Context): Hdf5Node {
  const known = context.nodes.get(address);
  if (known) return known;
  const { file } = context;
  const messages = messagesAt(address, file);
  let children: ReadonlyMap<string, Hdf5Node> | undefined;
  const node: Hdf5Node = {
    children: () => (children ??= childrenOf(messages, context)),
    strings: (attribute) => attributeOf(messages, attribute, file),
    tensor: () => tensorOf(messages, file),
  };
  context.nodes.set(address, node);
  return node;
}

/** The messages of an object header, version 1, with those of its continuation blocks. */
function messagesAt(address: number, file: BoundedBytes): Message[] {
  if (file.u8(address) !== 1) return unsupported(file, `an object header of version ${file.u8(address)}`);
  const total = file.u16(address + 2);
  const messages: Message[] = [];
  const blocks = [{ at: address + 16, end: address + 16 + file.u32(address + 8) }];
  for (let block = blocks.shift(); block; block = blocks.shift()) {
    let { at } = block;
    while (at + 8 <= block.end && messages.length < total) {
      const message = { type: file.u16(at), size: file.u16(at + 2), at: at + 8 };
      if (file.u8(at + 4) & 2) return unsupported(file, 'shared messages (named types)');
      if (message.type === messageType.continuation) {
        const start = file.u64(message.at);
        blocks.push({ at: start, end: start + file.u64(message.at + 8) });
      }
      messages.push(message);
      at = message.at + message.size;
    }
  }
  return messages;
}

function childrenOf(messages: readonly Message[], context: Context): ReadonlyMap<string, Hdf5Node> {
  const { file } = context;
  if (messages.some(({ type }) => type === messageType.linkInfo)) {
    return unsupported(file, 'groups of the newer layout');
  }
  const table = messages.find(({ type }) => type === messageType.symbolTable);
  const children = new Map<string, Hdf5Node>();
  if (!table) return children;
  const heap = localHeap(file.u64(table.at + 8), file);
  for (const leaf of leavesOf(file.u64(table.at), file)) {
    for (const { nameOffset, address } of symbolsOf(leaf, file)) {
      const name = file.terminatedText(heap.at + nameOffset, heap.at + heap.size);
      if (children.has(name)) file.fail(`a group has two members named ${shown(name)}`);
      children.set(name, nodeAt(address, context));
    }
  }
  return children;
}

function localHeap(address: number, file: BoundedBytes): { at: number; size: number } {
  expectSignature(address, 'HEAP', file);
  return { size: file.u64(address + 8), at: file.u64(address + 24) };
}

/** The symbol table nodes of a group, in order of their names: the leaves of its B-tree. */
function leavesOf(root: number, file: BoundedBytes): number[] {
  let nodes = [root];
  for (let level = bTreeLevel(root, file); level >= 0; level--) {
    nodes = nodes.flatMap((node) => {
      if (bTreeLevel(node, file) !== level) file.fail('the levels of a B-tree do not fit');
      return Array.from({ length: file.u16(node + 6) }, (_, i) => file.u64(node + 24 + 8 + i * 16));
    });
  }
  return nodes;
}

function bTreeLevel(address: number, file: BoundedBytes): number {
  expectSignature(address, 'TREE', file);
  if (file.u8(address + 4) !== 0) file.fail('a B-tree of chunks stands where one of names should');
  return file.u8(address + 5);
}

function symbolsOf(address: number, file: BoundedBytes): { nameOffset: number; address: number }[] {
  expectSignature(address, 'SNOD', file);
  return Array.from({ length: file.u16(address + 6) }, (_, i) => {
    const entry = address + 8 + i * 40;
    if (file.u32(entry + 16) === 2) unsupported(file, 'symbolic links');
    return { nameOffset: file.u64(entry), address: file.u64(entry + 8) };
  });
}

/** Attribute messages, versions 1 to 3; version 1 pads its parts to 8 bytes. */
function attributeOf(messages: readonly Message[], wanted: string, file: BoundedBytes): string[] | undefined {
  for (const { type, at } of messages) {
    if (type !== messageType.attribute) continue;
    const version = file.u8(at);
    if (version < 1 || version > 3) return unsupported(file, `attributes of version ${version}`);
    const padded = (size: number) => (version === 1 ? Math.ceil(size / 8) * 8 : size);
    const [nameSize, typeSize, spaceSize] = [file.u16(at + 2), file.u16(at + 4), file.u16(at + 6)];
    const nameAt = at + (version === 3 ? 9 : 8);
    if (file.text(nameAt, nameSize) !== wanted) continue;
    const typeAt = nameAt + padded(nameSize);
    const spaceAt = typeAt + padded(typeSize);
    const elements = elementsOf(dataspaceOf(spaceAt, file));
    return stringsOf({ typeAt, elements, dataAt: spaceAt + padded(spaceSize) }, file);
  }
  return undefined;
}

function tensorOf(messages: readonly Message[], file: BoundedBytes): WeightTensor {
  const find = (type: number) => messages.find((message) => message.type === type)?.at;
  if (find(messageType.filters) !== undefined) return unsupported(file, 'compressed data');
  if (find(messageType.externalFiles) !== undefined) return unsupported(file, 'data in other files');
  const [space, type, layout] = [messageType.dataspace, messageType.datatype, messageType.layout].map(find);
  if (space === undefined || type === undefined || layout === undefined) {
    return file.fail('a dataset lacks its shape, type or place');
  }
  const shape = dataspaceOf(space, file);
  const format = formatOf(type, file);
  const size = elementsOf(shape) * bytesPer[format];
  return { shape, data: numbersOf(format, rawData({ layout, size }, file)) };
}

/** The bytes of a dataset from its layout message, version 3 or 4. */
function rawData({ layout, size }: { layout: number; size: number }, file: BoundedBytes): Uint8Array {
  const [version, kind] = [file.u8(layout), file.u8(layout + 1)];
  if (version !== 3 && version !== 4) return unsupported(file, `data layouts of version ${version}`);
  const compact = kind === 0;
  if (!compact && kind !== 1) return unsupported(file, 'chunked data');
  const stored = compact ? file.u16(layout + 2) : file.u64(layout + 10);
  if (stored !== size) {
    return file.fail(`a dataset needs ${count(size)} bytes, ${count(stored)} are stored`);
  }
  if (size === 0) return new Uint8Array(0);
  return file.copy(compact ? layout + 4 : file.u64(layout + 2), size);
}

function expectSignature(address: number, signature: string, file: BoundedBytes): void {
  if (file.text(address, 4) !== signature) {
    file.fail(`no ${signature} stands at byte ${count(address)}`);
  }
}

function startsWith(bytes: Uint8Array, signature: string): boolean {
  return [...signature].every((character, i) => bytes[i] === character.charCodeAt(0));
}

function unsupported(file: BoundedBytes, what: string): never {
  throw new UserError(
    `${file.name} uses ${what}, which is not read here; write it again with Keras or h5py's defaults.`,
  );
}
