import { type FileHandle, open, stat } from 'node:fs/promises';
import { codeOf, messageOf, UserError } from '@resizer-lab/base';
import { count } from './tensor.ts';

/** Bytes that are read in pieces: a file, or memory. `name` stands in messages. */
export interface ByteSource {
  readonly name: string;
  readonly size: number;
  /** A fresh copy of a range that lies within `size`. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.byteLength,
    read: (offset, length) => Promise.resolve(new Uint8Array(bytes.subarray(offset, offset + length))),
  };
}

/**
 * Opens a regular file for the time of `use`.
 * @throws UserError if it is missing, unreadable or not a regular file.
 */
export async function withFile<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const handle = await openRegular(path);
  try {
    const { size } = await handle.stat();
    return await use({
      name: path,
      size,
      read: (offset, length) => readRange(handle, { path, offset, length }),
    });
  } finally {
    await handle.close();
  }
}

/** The whole of a small file. @throws UserError as `withFile`, and if it is larger than `limit` bytes. */
export async function readSmallFile(path: string, limit: number): Promise<Uint8Array> {
  return withFile(path, (source) => {
    if (source.size > limit) {
      throw new UserError(`${path} has ${count(source.size)} bytes; at most ${count(limit)} are expected.`);
    }
    return source.read(0, source.size);
  });
}

async function openRegular(path: string): Promise<FileHandle> {
  try {
    // Before opening: to open a named pipe would wait for a writer.
    if (!(await stat(path)).isFile())
      throw new UserError(`${path} is not a regular file; name a weights file.`);
    return await open(path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (codeOf(error) === 'ENOENT') {
      throw new UserError(`There is no file ${path}; check the path.`, { cause: error });
    }
    throw new UserError(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

interface Range {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

async function readRange(handle: FileHandle, { path, offset, length }: Range): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const piece = Math.min(length - done, 2 ** 30); // one read call takes less than 2 GiB
    const { bytesRead } = await handle.read(bytes, done, piece, offset + done);
    if (bytesRead === 0) throw new UserError(`${path} became shorter while it was read; read it again.`);
    done += bytesRead;
  }
  return bytes;
}
