import { type FileHandle, mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, codeOf, hashOf, messageOf, UserError } from '@resizer-lab/base';
import type { SplitName } from './config.ts';
import type { Manifest } from './manifest.ts';
import { decoderVersions } from './photo.ts';
import { type PreparedPlan, slotsOf } from './prepared.ts';
import { preparation, preparedSize, type Size, type Transform } from './transform.ts';

/** Where prepared photos are kept from epoch to epoch and from run to run. */
export interface PhotoCache {
  readonly folder: string;
  /** Bytes that all of its files may take together. */
  readonly limit: number;
}

/** To be raised with any change in how photos are decoded or resampled, or in the layout of the files. */
const FORMAT = 1;

const DEFAULT_LIMIT = '16 GB';
const UNITS: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, TB: 1e12 };

/** A file that a run uses has been touched within this time: the threads touch it once a minute. */
const IN_USE_MS = 10 * 60_000;

/**
 * The user's cache of prepared photos, of the size that `RESIZER_PHOTO_CACHE` allows: such as
 * `500 MB` or `2 TB`; `off` for none; 16 GB by default.
 * @throws UserError for any other value
 */
export function photoCache(env: NodeJS.ProcessEnv = process.env): PhotoCache | undefined {
  const text = env.RESIZER_PHOTO_CACHE || DEFAULT_LIMIT;
  if (text === 'off') return undefined;
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?(MB|GB|TB)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new UserError(
      `RESIZER_PHOTO_CACHE is ${JSON.stringify(text)}; give a size such as 500 MB, 16 GB or 2 TB, or off`,
      { exitCode: 2 },
    );
  }
  return { folder: join(cacheFolder(), 'photos'), limit: Number(amount) * UNITS[unit]! };
}

/**
 * Where the photos of a split lie in the cache once they are prepared. Everything that their pixels
 * depend on is in the file's name; processes that share it therefore write the same bytes to the
 * same places.
 */
export function preparedPlan(
  { folder }: PhotoCache,
  manifest: Manifest,
  { split, size, transform }: { split: SplitName; size: Size; transform: Transform },
): PreparedPlan {
  const key = hashOf({
    format: FORMAT,
    decoder: decoderVersions,
    manifest: manifest.hash,
    split,
    preparation: preparation(transform, size),
  });
  const slots = slotsOf(manifest.splits[split], (entry) => preparedSize(entry, size, transform));
  return { file: join(folder, `${key.slice(0, 32)}.photos`), slots };
}

/**
 * Makes room for a file: its length is its claim on the limit, and photos beyond its end are not
 * kept. Files that no run has used for ten minutes go, the least recently used first. Where several
 * processes claim at once, those who went too far step back, so that the sum stays in the limit.
 * At most half of what the disk has free is claimed.
 * @param onFailure told why the folder cannot be used, where that is so
 */
export async function claimRoom(
  { folder, limit }: PhotoCache,
  { file, slots }: PreparedPlan,
  onFailure: (reason: string) => void,
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o644);
    try {
      await claim(handle, { folder, limit, file, wanted: slots.at(-1)! });
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    onFailure(messageOf(error));
  }
}

/** Says, once in a process, that and why photos are decoded anew. */
export function warnUnkept({ folder }: PhotoCache, reason: string): void {
  if (warned.has(folder)) return;
  warned.add(folder);
  process.stderr.write(
    `Prepared photos cannot be kept in ${folder}: ${reason}. They are decoded anew in each epoch; ` +
      'free some space, or set RESIZER_CACHE to another folder or RESIZER_PHOTO_CACHE to off.\n',
  );
}

const warned = new Set<string>();

async function claim(
  handle: FileHandle,
  { folder, limit, file, wanted }: { folder: string; limit: number; file: string; wanted: number },
): Promise<void> {
  const now = new Date();
  await handle.utimes(now, now);
  const { size } = await handle.stat();
  const { bavail, bsize } = await statfs(folder);
  const room = limit - (await keepOthers(folder, { file, atMost: limit - wanted }));
  const claimed = Math.max(0, Math.floor(Math.min(wanted, room, size + (bavail * bsize) / 2)));
  if (claimed !== size) await handle.truncate(claimed);
  if (claimed <= size) return;
  const excess = sum(await filesOf(folder)) - limit;
  if (excess > 0) await handle.truncate(Math.max(0, Math.floor(claimed - excess)));
}

/** Removes other files, where needed and nobody uses them. @returns bytes of those that stay */
async function keepOthers(
  folder: string,
  { file, atMost }: { file: string; atMost: number },
): Promise<number> {
  const others = (await filesOf(folder)).filter(({ path }) => path !== file);
  const idle = others.filter(({ used }) => Date.now() - used > IN_USE_MS).sort((a, b) => a.used - b.used);
  let kept = sum(others);
  for (const { path, size } of idle) {
    if (kept <= atMost) break;
    await rm(path, { force: true });
    kept -= size;
  }
  return kept;
}

interface CacheFile {
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly used: number;
}

async function filesOf(folder: string): Promise<CacheFile[]> {
  const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{32}\.photos$/.test(name));
  const files = names.map(async (name): Promise<CacheFile[]> => {
    const path = join(folder, name);
    try {
      const { size, mtimeMs } = await stat(path);
      return [{ path, size, used: mtimeMs }];
    } catch (error) {
      // Another process has just removed it.
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  });
  return (await Promise.all(files)).flat();
}

function sum(files: readonly CacheFile[]): number {
  return files.reduce((total, { size }) => total + size, 0);
}
