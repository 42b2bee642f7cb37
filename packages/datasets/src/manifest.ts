import { hashOf, UserError } from '@resizer-lab/base';
import { scanAva } from './ava.ts';
import type { DatasetConfig, PhotosConfig, SplitName, SyntheticConfig } from './config.ts';
import { dataRoot, printable, resolveInside } from './paths.ts';
import { MAX_PIXELS } from './photo.ts';
import { PhotoFacts } from './photo-facts.ts';
import { type Class, type Dropped, type Scan, scanFolder, scanLabels } from './scan.ts';
import { scanScores } from './scores-scan.ts';
import type { Votes } from './scores.ts';
import { checkSynthetic, syntheticHash, syntheticLabel, syntheticVotes } from './synthetic.ts';

/** One photo of a manifest. */
export interface Entry {
  /** Relative to the data set's folder. Synthetic pictures have the name of their place. */
  readonly path: string;
  /** Index of its class in the scores of a classifier; 0 for a photo that has votes instead. */
  readonly label: number;
  /** How people scored it. */
  readonly votes?: Votes;
  /** Of the file's bytes; of the recipe for a synthetic picture. */
  readonly sha256: string;
  /** Pixels, after EXIF orientation. */
  readonly width: number;
  readonly height: number;
}

/** Everything a result can depend on: which photos, in which order, with which labels. */
export interface Manifest {
  readonly format: 1;
  readonly dataset: DatasetConfig;
  /** In ascending order of their labels. */
  readonly classes: readonly Class[];
  readonly splits: Readonly<Record<SplitName, readonly Entry[]>>;
  readonly dropped: readonly Dropped[];
  /** Identity of classes and splits. Where the folder lies, and what was dropped, is not part of it. */
  readonly hash: string;
}

/** A data set that is ready to be loaded. */
export interface Dataset {
  readonly manifest: Manifest;
  /** Absolute path of the folder that the entries' paths start from; none: pictures are made in memory. */
  readonly folder: string | undefined;
}

export interface OpenOptions {
  /** Folder of all data sets. Default: `RESIZER_DATA`, or `./data`. */
  readonly root?: string;
  /** Folder in which what was read of the photos is remembered. Default: nothing is remembered. */
  readonly cache?: string;
  /** Larger photos are dropped. */
  readonly maxPixels?: number;
  /** Called now and then with the number of photos looked at so far. */
  readonly progress?: (photos: number) => void;
}

/**
 * Opens a data set: lists its photos, looks at each (size, hash, whether it is whole), and drops
 * with a reason those that cannot be used. The order is that of the names.
 * @throws UserError when a folder is missing or lies outside the root, the splits share a photo or
 *   differ in their classes, or a class or the whole has no usable photo.
 */
export async function openDataset(config: DatasetConfig, options: OpenOptions = {}): Promise<Dataset> {
  if (config.kind === 'synthetic') return { manifest: syntheticManifest(config), folder: undefined };
  const root = options.root ?? dataRoot();
  const folder = await resolveInside(root, config.path);
  const scan = await scanPhotos(config, root);
  const facts = await PhotoFacts.open(folder, { maxPixels: MAX_PIXELS, ...options });
  const { splits, dropped } = await examine(scan, facts, config);
  await facts.save();
  const apart = withoutOverlap(config, splits);
  return {
    manifest: manifestOf(config, {
      classes: scan.classes,
      splits: apart.splits,
      dropped: [...dropped, ...apart.dropped].sort((a, b) => (a.path < b.path ? -1 : 1)),
    }),
    folder,
  };
}

function scanPhotos(config: PhotosConfig, root: string): Promise<Scan> {
  switch (config.kind) {
    case 'folder':
      return scanFolder(config, root);
    case 'labels':
      return scanLabels(config, root);
    case 'scores':
      return scanScores(config, root);
    case 'ava':
      return scanAva(config, root);
  }
}

async function examine(scan: Scan, facts: PhotoFacts, config: PhotosConfig) {
  const splits: Record<SplitName, Entry[]> = { train: [], test: [] };
  const dropped = [...scan.dropped];
  for (const group of scan.groups) {
    const usable = await takeUsable(group, facts, dropped);
    if (usable.length === 0) {
      const example = dropped.find(({ path }) => path.startsWith(group.name)) ?? dropped[0];
      const why = example ? `; for example, ${printable(example.path)}: ${example.reason}` : '';
      throw new UserError(`data set ${config.path}: no usable photo in ${printable(group.name)}${why}`);
    }
    splits[group.split].push(...usable);
  }
  return { splits, dropped };
}

/** The first `limit` photos of a group that can be used, then in the order of their names; or all, as they stand. */
async function takeUsable(
  { photos, limit, split }: Scan['groups'][number],
  facts: PhotoFacts,
  dropped: Dropped[],
): Promise<Entry[]> {
  const usable: Entry[] = [];
  const wanted = limit ?? photos.length;
  let next = 0;
  while (usable.length < wanted && next < photos.length) {
    const some = photos.slice(next, next + wanted - usable.length);
    next += some.length;
    const found = await facts.of(some.map(({ path }) => path));
    found.forEach((fact, i) => {
      const photo = some[i]!;
      if ('reason' in fact) dropped.push({ path: photo.path, split, reason: fact.reason });
      else usable.push({ ...photo, ...fact });
    });
  }
  return limit !== undefined ? usable.sort((a, b) => (a.path < b.path ? -1 : 1)) : usable;
}

/**
 * No photo may be in both splits. In class folders that is a mistake to be mended; among scored
 * photos, where the lists are those of the publisher, the copy in the training split is dropped.
 */
function withoutOverlap(
  config: PhotosConfig,
  splits: Record<SplitName, Entry[]>,
): { splits: Record<SplitName, Entry[]>; dropped: Dropped[] } {
  if (config.kind === 'folder' || config.kind === 'labels') {
    refuseOverlap(config.path, splits);
    return { splits, dropped: [] };
  }
  const tested = new Map(splits.test.map((entry) => [entry.sha256, entry.path]));
  const dropped = splits.train.flatMap(({ path, sha256 }): Dropped[] => {
    const twin = tested.get(sha256);
    return twin === undefined
      ? []
      : [{ path, split: 'train', reason: `the same photo as ${twin} of the test split` }];
  });
  const train = splits.train.filter(({ sha256 }) => !tested.has(sha256));
  if (train.length === 0)
    throw new UserError(`data set ${config.path}: all training photos are in the test split, too`);
  return { splits: { ...splits, train }, dropped };
}

function refuseOverlap(path: string, { train, test }: Record<SplitName, Entry[]>): void {
  const trained = new Map(train.map((entry) => [entry.sha256, entry]));
  const shared = test.filter((entry) => trained.has(entry.sha256));
  const [first] = shared;
  if (first === undefined) return;
  const more = shared.length > 1 ? ` (and ${shared.length - 1} more such pairs)` : '';
  throw new UserError(
    `data set ${path}: train and test share a photo: ${printable(trained.get(first.sha256)!.path)} and ` +
      `${printable(first.path)} have the same content${more}; remove one of them`,
  );
}

function syntheticManifest(config: SyntheticConfig): Manifest {
  checkSynthetic(config);
  const { size } = config;
  const entries = (split: SplitName) =>
    Array.from({ length: config[split] }, (_, i) => ({
      path: `synthetic/${config.version}/${split}/${i}`,
      label: syntheticLabel(config, i),
      ...syntheticVotes(config, split, i),
      sha256: syntheticHash(config, split, i),
      width: size,
      height: size,
    }));
  const classes = Array.from({ length: config.classes ?? 0 }, (_, label) => ({
    name: `class${label}`,
    label,
  }));
  return manifestOf(config, {
    classes,
    splits: { train: entries('train'), test: entries('test') },
    dropped: [],
  });
}

function manifestOf(
  dataset: DatasetConfig,
  { classes, splits, dropped }: Pick<Manifest, 'classes' | 'splits' | 'dropped'>,
): Manifest {
  const sorted = [...classes].sort((a, b) => a.label - b.label);
  const format = 1;
  return {
    format,
    dataset,
    classes: sorted,
    splits,
    dropped,
    hash: hashOf({ format, classes: sorted, splits }),
  };
}
