import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, UserError } from '@resizer-lab/base';
import { extract } from 'tar';

/** Above any checkpoint of an image classifier. */
const maxBytes = 4 * 2 ** 30;
const maxFiles = 100;

const isCheckpoint = /\.ckpt(\.index|\.data-\d{5}-of-\d{5})?$/;

/**
 * Takes the TensorFlow checkpoint out of a packed archive.
 * @param folder an empty one; files go right into it, whatever folders the archive has
 * @returns the checkpoint's path as `readWeights` takes it
 * @throws UserError for an archive that is damaged, too large, or without exactly one checkpoint
 */
export async function unpackCheckpoint(archive: string, folder: string): Promise<string> {
  let left = { bytes: maxBytes, files: maxFiles };
  try {
    await extract({
      file: archive,
      cwd: folder,
      strict: true,
      filter(_, entry) {
        if (!('type' in entry) || entry.type !== 'File' || !isCheckpoint.test(entry.path)) return false;
        left = { bytes: left.bytes - entry.size, files: left.files - 1 };
        return left.bytes >= 0 && left.files >= 0;
      },
      onReadEntry(entry) {
        entry.path = basename(entry.path);
      },
    });
  } catch (error) {
    throw new UserError(`${archive} cannot be unpacked: ${messageOf(error)}`, { cause: error });
  }
  if (left.bytes < 0 || left.files < 0) throw new UserError(`${archive} is larger than a checkpoint can be.`);
  const names = await readdir(folder);
  const found = names.filter((name) => /\.ckpt(\.index)?$/.test(name));
  if (found.length === 1) return join(folder, found[0]!);
  throw new UserError(`${archive} holds ${found.length} TensorFlow checkpoints instead of one.`);
}
