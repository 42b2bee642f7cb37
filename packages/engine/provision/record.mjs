import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tensorflowOf } from './binding.mjs';

/**
 * @typedef {object} EngineRecord all that the engine knows of set-up
 * @property {string} binding the compiled binding
 * @property {string} library the folder of the TensorFlow library
 * @property {string} tensorflow version
 * @property {'cpu' | 'gpu'} requested
 */

const recordFile = 'node_modules/.cache/resizer-lab/engine.json';

/**
 * @param {{ library: import('./tensorflow.mjs').Library, binding: import('./binding.mjs').Binding }} made
 * @param {'cpu' | 'gpu'} requested
 * @returns {EngineRecord}
 */
export function recordOf({ library, binding }, requested) {
  return { binding: binding.path, library: library.folder, tensorflow: tensorflowOf(binding), requested };
}

/**
 * @param {string} root the checkout
 * @returns {EngineRecord | undefined} undefined when there is none that can be read
 */
export function readRecord(root) {
  try {
    return JSON.parse(readFileSync(join(root, recordFile), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Writes the record in one step, if it says anything new.
 * @param {string} root
 * @param {EngineRecord} record
 */
export async function writeRecord(root, record) {
  if (JSON.stringify(readRecord(root)) === JSON.stringify(record)) return;
  const path = join(root, recordFile);
  const temporary = `${path}.${process.pid}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(temporary, JSON.stringify(record));
  await rename(temporary, path);
}
