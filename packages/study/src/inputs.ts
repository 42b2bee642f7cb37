import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cacheFolder, codeOf, messageOf, UserError } from '@resizer-lab/base';
import { type Dataset, type DatasetConfig, openDataset, weightsRoot } from '@resizer-lab/datasets';

/** Opens a data set; what was read of its photos is remembered in the user's cache. */
export function openPhotos(dataset: DatasetConfig, dataRoot: string): Promise<Dataset> {
  return openDataset(dataset, { root: dataRoot, cache: join(cacheFolder(), 'manifests') });
}

/** The role of a weights file among what a config reads. */
export const weightsRole = (file: string) => `weights ${file}`;

/**
 * Hashes of what a config reads, by role: the manifest of each data set, the content of each weights file.
 * @throws UserError for what is not there
 */
export async function inputsOf(
  { datasets, weights }: { datasets: ReadonlyMap<string, DatasetConfig>; weights: readonly string[] },
  { dataRoot }: { dataRoot: string },
): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const [role, dataset] of datasets) {
    hashes[role] = (await openPhotos(dataset, dataRoot)).manifest.hash;
  }
  for (const file of new Set(weights)) {
    hashes[weightsRole(file)] = await fileHash(join(weightsRoot(dataRoot), file));
  }
  return hashes;
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'does not exist' : `cannot be read: ${messageOf(error)}`;
    throw new UserError(
      `The weights file ${path} ${why}. Set RESIZER_WEIGHTS to the folder that holds them.`,
      { cause: error },
    );
  }
  return hash.digest('hex');
}
