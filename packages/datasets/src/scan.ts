import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf, stream, UserError } from '@resizer-lab/base';
import type { FolderConfig, LabelsConfig, SplitLimit, SplitName } from './config.ts';
import { printable, resolveInside } from './paths.ts';
import type { Votes } from './scores.ts';
import { readTable } from './table.ts';

/** A file that may be a photo of the data set. `path` is relative to the data set's folder. */
export interface Candidate {
  readonly path: string;
  readonly label: number;
  readonly votes?: Votes;
}

export interface Dropped {
  readonly path: string;
  readonly split: SplitName;
  readonly reason: string;
}

/** A class of a data set; `label` is its index in the scores of a classifier. */
export interface Class {
  readonly name: string;
  readonly label: number;
}

/**
 * What a scan found, before any photo was opened. A group is a list of photos of which `limit`
 * readable ones are taken from the front, or all of them: one class of a split.
 */
export interface Scan {
  readonly classes: readonly Class[];
  readonly groups: readonly {
    readonly name: string;
    readonly split: SplitName;
    readonly photos: readonly Candidate[];
    readonly limit?: number | undefined;
  }[];
  readonly dropped: readonly Dropped[];
}

/**
 * Lists `<split>/<class>/<photo>`, classes and photos in the order of their names (UTF-16 code
 * units, whatever the locale).
 * @throws UserError when a split is missing, the splits differ in their classes, or a class folder
 *   has no index in `config.classes`.
 */
export async function scanFolder(config: FolderConfig, root: string): Promise<Scan> {
  const dropped: Dropped[] = [];
  const test = await classFolders(config.test, { split: 'test', config, root, dropped });
  if (config.train !== undefined) {
    const train = await classFolders(config.train, { split: 'train', config, root, dropped });
    refuseDifferentClasses(config, config.train, { train, test });
  }
  if (test.length === 0) {
    throw new UserError(
      `data set ${config.path}: no class folder in ${config.test}; photos lie in SPLIT/CLASS/`,
    );
  }
  const classes = test.map((name, position) => ({ name, label: labelOf(name, position, config) }));
  const groups: Scan['groups'][number][] = [];
  for (const split of ['train', 'test'] as const) {
    const ofSplit = config[split];
    if (ofSplit === undefined) continue;
    for (const { name, label } of classes) {
      const folder = join(ofSplit, name);
      const files = await filesIn(folder, { split, config, root, dropped });
      const limit = config.limit?.[split];
      const photos = sampled(files, config.limit, [split, name]).map((path) => ({ path, label }));
      groups.push({ name: folder, split, photos, limit });
    }
  }
  return { classes, groups, dropped };
}

interface FolderScan {
  readonly config: FolderConfig;
  readonly root: string;
  readonly dropped: Dropped[];
}

async function classFolders(
  folder: string,
  { split, config, root, dropped }: FolderScan & { split: SplitName },
): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await entriesOf(root, join(config.path, folder))) {
    const path = join(folder, entry.name);
    if (entry.kind === 'folder') {
      if (!entry.name.startsWith('.')) names.push(entry.name);
    } else dropped.push({ path, split, reason: 'not in a class folder' });
  }
  return names;
}

function refuseDifferentClasses(
  config: FolderConfig,
  trainFolder: string,
  { train, test }: Record<SplitName, string[]>,
): void {
  const only = (own: string[], other: string[], where: string) => {
    const extra = own.filter((name) => !other.includes(name)).map(printable);
    const some =
      extra.length > 3 ? `${extra.slice(0, 3).join(', ')} and ${extra.length - 3} more` : extra.join(', ');
    return extra.length > 0 ? [`only ${where} has ${some}`] : [];
  };
  const differences = [...only(train, test, trainFolder), ...only(test, train, config.test)];
  if (differences.length > 0) {
    throw new UserError(
      `data set ${config.path}: ${trainFolder} and ${config.test} must have the same class folders, ` +
        `but ${differences.join('; ')}`,
    );
  }
}

function labelOf(name: string, position: number, { path, classes }: FolderConfig): number {
  if (classes === undefined) return position;
  const label = Object.hasOwn(classes, name) ? classes[name] : undefined;
  if (label === undefined) {
    throw new UserError(`data set ${path}: class folder ${printable(name)} has no index in "classes"`, {
      exitCode: 2,
    });
  }
  if (!Number.isInteger(label) || label < 0) {
    throw new UserError(`data set ${path}: "classes" gives ${printable(name)} the index ${label}`, {
      exitCode: 2,
    });
  }
  return label;
}

async function filesIn(
  folder: string,
  { split, config, root, dropped }: FolderScan & { split: SplitName },
): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await entriesOf(root, join(config.path, folder))) {
    const path = join(folder, entry.name);
    if (entry.kind === 'file') files.push(path);
    else dropped.push({ path, split, reason: entry.kind === 'folder' ? 'a folder' : 'not a regular file' });
  }
  return files;
}

/** All photos of a group, or in random order if only some of them are wanted. */
export function sampled<T>(
  photos: readonly T[],
  limit: SplitLimit | undefined,
  [split, name]: readonly [SplitName, string],
): readonly T[] {
  if (limit?.[split] === undefined) return photos;
  const order = stream(limit.seed ?? 0, 'limit', split, name).permutation(photos.length);
  return Array.from(order, (i) => photos[i]!);
}

/** Names in a folder, sorted. A link counts as what it leads to, and may not lead out of the root. */
export async function entriesOf(root: string, path: string) {
  const folder = await resolveInside(root, path);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new UserError(`data: ${printable(folder)} cannot be listed (${messageOf(error)})`, {
      cause: error,
    });
  });
  const kindOf = async (entry: Dirent): Promise<'folder' | 'file' | 'other'> => {
    if (!entry.isSymbolicLink()) return entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other';
    const linked = await stat(join(folder, entry.name)).catch(() => undefined);
    if (linked === undefined) return 'other';
    await resolveInside(root, join(path, entry.name));
    return linked.isDirectory() ? 'folder' : linked.isFile() ? 'file' : 'other';
  };
  const found = [];
  for (const entry of entries) found.push({ name: entry.name, kind: await kindOf(entry) });
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Reads a CSV file with the columns `image` and `index`, one photo a line, in the file's order.
 * @throws UserError naming file and line for a row that is no such pair, or an image listed twice.
 */
export async function scanLabels({ path, file }: LabelsConfig, root: string): Promise<Scan> {
  const csv = await resolveInside(root, join(path, file));
  const dropped: Dropped[] = [];
  const photos: Candidate[] = [];
  const seen = new Set<string>();
  for (const { line, values } of await readTable(csv, ['image', 'index'])) {
    const [image, index] = values as [string, string];
    const refuse = (problem: string) => {
      throw new UserError(`${csv}:${line}: ${problem}`);
    };
    if (!/^\d{1,9}$/.test(index)) refuse(`index ${JSON.stringify(index)} is not a whole number`);
    if (seen.has(image)) refuse(`image ${printable(image)} is listed twice`);
    seen.add(image);
    if (await isFileInside(root, join(path, image))) photos.push({ path: image, label: Number(index) });
    else dropped.push({ path: image, split: 'test', reason: 'not a regular file, or missing' });
  }
  const labels = [...new Set(photos.map((photo) => photo.label))].sort((a, b) => a - b);
  const classes = labels.map((label) => ({ name: String(label), label }));
  return { classes, groups: [{ name: file, split: 'test', photos }], dropped };
}

/** Whether there is a file at a path below the root. @throws UserError where the path leads out of it. */
export async function isFileInside(root: string, path: string): Promise<boolean> {
  try {
    return (await stat(await resolveInside(root, path))).isFile();
  } catch (error) {
    if (error instanceof UserError && codeOf(error.cause) === 'ENOENT') return false;
    throw error;
  }
}
