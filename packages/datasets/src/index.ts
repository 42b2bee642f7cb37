export type { Batch } from './batch.ts';
export type { DatasetConfig, FolderConfig, LabelsConfig, SplitName, SyntheticConfig } from './config.ts';
export { createLoader, type Loader, type LoaderOptions } from './loader.ts';
export { type Dataset, type Entry, type Manifest, type OpenOptions, openDataset } from './manifest.ts';
export { dataRoot } from './paths.ts';
export { decodePhoto, type Pixels } from './photo.ts';
export type { Class, Dropped } from './scan.ts';
export type { Fit, Size, Transform } from './transform.ts';
export { fitPhoto } from './transform.ts';
