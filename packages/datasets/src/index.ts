export type { Batch } from './batch.ts';
export type {
  AvaConfig,
  DatasetConfig,
  FolderConfig,
  LabelsConfig,
  ScoresConfig,
  SplitName,
  SyntheticConfig,
} from './config.ts';
export { imagenetClasses } from './imagenet.ts';
export { createLoader, type Loader, type LoaderOptions } from './loader.ts';
export { type Dataset, type Entry, type Manifest, type OpenOptions, openDataset } from './manifest.ts';
export { dataRoot, weightsRoot } from './paths.ts';
export { decodePhoto, type Pixels } from './photo.ts';
export { type PhotoCache, photoCache } from './photo-cache.ts';
export type { Class, Dropped } from './scan.ts';
export type { PhotoInterpolation } from './taps.ts';
export { SCORES, sharesOf, type Votes } from './scores.ts';
export type { Fit, Size, Transform } from './transform.ts';
export { fitPhoto } from './transform.ts';
