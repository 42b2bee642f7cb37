import { randomUUID } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf, messageOf, UserError } from './errors.ts';

/**
 * Writes a file so that its name holds either the old content or all of the new, whatever happens:
 * a temporary file beside it, flushed to the disk, then renamed over it.
 *
 * The package write-file-atomic 7.0.1 is not used: it takes one `write` call for the whole, which on
 * a disk that fills up is cut short without an error, and then renames the stump over the good file.
 * @throws UserError if it cannot be written; the old file is then untouched and the temporary removed.
 */
export async function writeAtomically(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    await writeAll(temporary, pieces);
    await rename(temporary, target);
    await flushFolder(dirname(target));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(path, error);
  }
}

async function writeAll(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    for (const piece of pieces) await writePiece(handle, piece);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A write call may take only part of what it is given. */
async function writePiece(handle: FileHandle, piece: Uint8Array): Promise<void> {
  for (let done = 0; done < piece.byteLength; ) {
    const { bytesWritten } = await handle.write(piece, done, Math.min(piece.byteLength - done, 2 ** 30));
    done += bytesWritten;
  }
}

/** A rename is on the disk once its folder is. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function writeError(path: string, error: unknown): unknown {
  const reasons: Record<string, string> = {
    ENOSPC: 'the disk is full. Free some space and run again',
    EDQUOT: 'the disk quota is used up. Free some space and run again',
    ENOENT: 'its folder is gone. Was it moved or removed?',
    EACCES: 'permission denied. Check who owns the folder',
    EROFS: 'the disk is read-only. Choose another folder',
  };
  const code = codeOf(error);
  if (code === undefined) return error;
  return new UserError(
    `${path} could not be written: ${reasons[code] ?? messageOf(error)}. What was there before is unchanged.`,
    { cause: error },
  );
}
