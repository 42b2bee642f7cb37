import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { SetupError } from './setup-error.mjs';

/**
 * The cache, shared by all checkouts of a user:
 *   libraries/<id>/   TensorFlow, unpacked
 *   bindings/<key>/   the compiled bindings
 *   tmp/              what the holder of the lock works on; all else in it is rubbish
 *   logs/             output of programs that failed
 * What stands under libraries/ and bindings/ came there whole, by a rename.
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string}
 */
export function cacheFolder(env) {
  if (env['RESIZER_CACHE']) return resolve(env['RESIZER_CACHE']);
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'resizer-lab');
}

/**
 * An empty folder to work in, two levels below the cache as published folders are.
 * @param {string} cache
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function workFolder(cache, name) {
  const folder = join(cache, 'tmp', `${name}-${randomUUID().slice(0, 8)}`);
  await mkdir(folder, { recursive: true });
  return folder;
}

/**
 * Removes what set-ups that were killed left behind. Only for the holder of the lock.
 * @param {string} cache
 */
export async function sweep(cache) {
  await rm(join(cache, 'tmp'), { recursive: true, force: true, maxRetries: 5 });
}

const manifestName = 'manifest.json';

/**
 * Publishes a finished folder: notes the size of each of its files, then moves it in one step.
 * @param {string} folder
 * @param {string} place
 */
export async function publish(folder, place) {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  /** @type {Record<string, number>} */
  const sizes = {};
  for (const file of names.filter((entry) => entry.isFile())) {
    const path = join(file.parentPath, file.name);
    sizes[relative(folder, path)] = (await stat(path)).size;
  }
  await writeFile(join(folder, manifestName), JSON.stringify(sizes));
  await mkdir(dirname(place), { recursive: true });
  if (existsSync(place)) await rename(place, `${folder}-damaged`);
  await rename(folder, place);
}

/**
 * Is a published folder there, with every file at its full size?
 * @param {string} place
 * @returns {boolean}
 */
export function isWhole(place) {
  try {
    const sizes = JSON.parse(readFileSync(join(place, manifestName), 'utf8'));
    return Object.entries(sizes).every(([name, size]) => statSync(join(place, name)).size === size);
  } catch {
    return false;
  }
}

/**
 * Free bytes of the disk that holds a folder, which need not exist yet.
 * @param {string} folder
 * @returns {number}
 */
function freeBytes(folder) {
  const { bavail, bsize } = statfsSync(existingPart(folder));
  return bavail * bsize;
}

/** @param {string} folder */
function existingPart(folder) {
  let part = folder;
  while (!existsSync(part) && part !== dirname(part)) part = dirname(part);
  return part;
}

/**
 * Refuses to begin what cannot be finished.
 * @param {{ folder: string, bytes: number }[]} needs
 */
export function requireSpace(needs) {
  /** @type {Map<number, { folder: string, bytes: number }>} */
  const disks = new Map();
  for (const { folder, bytes } of needs) {
    const disk = statSync(existingPart(folder)).dev;
    disks.set(disk, { folder, bytes: bytes + (disks.get(disk)?.bytes ?? 0) });
  }
  for (const { folder, bytes } of disks.values()) {
    const free = freeBytes(folder);
    if (free >= bytes) continue;
    throw new SetupError(
      `Not enough disk space for ${folder}: set-up needs ${gigabytes(bytes)}, ${gigabytes(free)} are free. ` +
        'Free some space, or set RESIZER_CACHE to a folder on another disk.',
    );
  }
}

/** @param {number} bytes */
const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;

/**
 * Keeps the output of a program that failed.
 * @param {string} cache
 * @param {string} name
 * @param {string} text
 * @returns {Promise<string>} the file
 */
export async function keepLog(cache, name, text) {
  const path = join(cache, 'logs', `${name}.log`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}
