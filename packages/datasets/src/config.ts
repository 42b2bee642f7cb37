/** Photos in folders, `<path>/<split>/<class>/<photo>`, as ImageNet and Imagenette are laid out. */
export interface FolderConfig {
  readonly kind: 'folder';
  /** Folder of the data set, relative to the data root. */
  readonly path: string;
  /** Subfolder of the training photos; none: the photos are for evaluation alone. */
  readonly train?: string;
  /** Subfolder of the test photos. */
  readonly test: string;
  /**
   * Class index of each class folder, for a subset that is judged by a head of more classes
   * (Imagenette by ImageNet's 1000). Default: the position in the sorted list of class folders.
   */
  readonly classes?: Readonly<Record<string, number>>;
  /** At most so many photos of each class, drawn by a stream of `seed` (default 0). */
  readonly limit?: { readonly train?: number; readonly test?: number; readonly seed?: number };
}

/** A folder of photos and a CSV file `image,index` in it. One split, `test`, for evaluation. */
export interface LabelsConfig {
  readonly kind: 'labels';
  /** Folder of the data set, relative to the data root. */
  readonly path: string;
  /** The CSV file, relative to `path`; its images are relative to `path`, too. */
  readonly file: string;
}

/**
 * Pictures made in memory, the data set that needs no download. The class is the orientation of a
 * grating: above the Nyquist limit of the target size (`positive`: a fixed resizer loses the
 * class, a learned one need not) or far below it (`negative`: resizing cannot matter).
 */
export interface SyntheticConfig {
  readonly kind: 'synthetic';
  readonly version: 'positive' | 'negative';
  /** Height and width of the pictures: a multiple of `target`, three times as large or more. */
  readonly size: number;
  /** Height and width to which the pictures will be resized. */
  readonly target: number;
  /** Number of training pictures. */
  readonly train: number;
  /** Number of test pictures. */
  readonly test: number;
  /** 2, 3 or 4. */
  readonly classes: number;
  readonly seed: number;
}

export type DatasetConfig = FolderConfig | LabelsConfig | SyntheticConfig;

export type SplitName = 'train' | 'test';
