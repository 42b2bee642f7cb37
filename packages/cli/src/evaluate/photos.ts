import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { cacheFolder, UserError } from '@resizer-lab/base';
import { type Dataset, type DatasetConfig, imagenetClasses, openDataset } from '@resizer-lab/datasets';

/**
 * The labelled photos of a path: a folder of class folders, or a CSV file `image,index`. Class folders
 * stand for the classes in alphabetical order if there are as many as outputs; for ImageNet's classes
 * if they are called by its synsets.
 * @throws UserError if the path is neither, or its classes are not those of the outputs
 */
export async function labelledPhotos(path: string, classes: number): Promise<Dataset> {
  const place = resolve(path);
  const stats = await stat(place).catch(() => undefined);
  if (!stats) throw new UserError(`--data ${path}: there is no such folder or file.`, { exitCode: 2 });
  const config = stats.isDirectory()
    ? await folderConfig(place, classes)
    : ({ kind: 'labels', path: '.', file: basename(place) } as const);
  const dataset = await openDataset(config, {
    root: dirname(place),
    cache: join(cacheFolder(), 'manifests'),
  });
  const beyond = dataset.manifest.classes.find(({ label }) => label >= classes);
  if (beyond) {
    throw new UserError(
      `${path} has a photo of class ${beyond.label}; the head has the classes 0 … ${classes - 1}.`,
    );
  }
  return dataset;
}

async function folderConfig(folder: string, classes: number): Promise<DatasetConfig> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isFile() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
  const config = { kind: 'folder', path: basename(folder), test: '.' } as const;
  if (names.length === classes) return config;
  const synsets = imagenetClasses();
  if (
    classes === Object.keys(synsets).length &&
    names.length > 0 &&
    names.every((name) => Object.hasOwn(synsets, name))
  ) {
    return { ...config, classes: synsets };
  }
  throw new UserError(
    `${folder} has ${names.length} class folders, the head ${classes} outputs; they must be as many, or be called ` +
      "by ImageNet's synsets (n01440764), or give a CSV file `image,index`.",
    { exitCode: 2 },
  );
}
