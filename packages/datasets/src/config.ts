/** At most so many photos of each split, drawn by a stream of `seed` (default 0). */
export interface SplitLimit {
  readonly train?: number;
  readonly test?: number;
  readonly seed?: number;
}

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
  /** Of each class, not of the whole split. */
  readonly limit?: SplitLimit;
}

/** A folder of photos and a CSV file `image,index` in it. One split, `test`, for evaluation. */
export interface LabelsConfig {
  readonly kind: 'labels';
  /** Folder of the data set, relative to the data root. */
  readonly path: string;
  /** The CSV file, relative to `path`; its images are relative to `path`, too. */
  readonly file: string;
}

/** A part of the photos drawn for the test, the same whatever the order of the lines. */
export interface DrawnSplit {
  /** Share of the test photos, above 0 and below 1. */
  readonly testShare: number;
  /** Of the draw. Default: 0. */
  readonly seed?: number;
}

/** Photos with human scores in CSV files: a mean score a photo, or how often each score was given. */
export interface ScoresConfig {
  readonly kind: 'scores';
  /** Folder of the data set, relative to the data root. */
  readonly path: string;
  /** Folder that the photos' names start from, relative to `path`. Default: `path` itself. */
  readonly photos?: string;
  /** A file for each split, or one file and a draw; relative to `path`. */
  readonly tables:
    | { readonly train: string; readonly test: string }
    | ({ readonly file: string } & DrawnSplit);
  /** The column of the photos' names. */
  readonly photo: string;
  /**
   * The column of the mean score, with the lowest and highest score of its scale, which become 1 and
   * 10; or two to ten columns of votes, from the lowest score to the highest.
   */
  readonly score:
    | { readonly column: string; readonly scale: readonly [low: number, high: number] }
    | { readonly votes: readonly string[] };
  readonly limit?: SplitLimit;
}

/**
 * AVA (Murray, Marchesotti & Perronnin, CVPR 2012) as it is handed out: `AVA.txt` with the votes and
 * `images/<id>.jpg`.
 */
export interface AvaConfig {
  readonly kind: 'ava';
  /** Folder of the data set, relative to the data root. */
  readonly path: string;
  /**
   * A list of the test photos' ids, one a line, relative to `path`; all others are for training.
   * Default: the official `aesthetics_image_lists/generic_test.jpgl`. Or a draw.
   */
  readonly test?: string | DrawnSplit;
  readonly limit?: SplitLimit;
}

/**
 * Pictures made in memory, the data set that needs no download. The class is the orientation of a
 * grating, or the score the share of one of two orientations: above the Nyquist limit of the target
 * size (`positive`: a fixed resizer loses it, a learned one need not). Or it is far below the limit, or
 * the scores have nothing to do with the pictures (`negative`: resizing cannot matter).
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
  /** 2, 3 or 4; none: the pictures have scores. */
  readonly classes?: number;
  readonly seed: number;
}

/** A data set of photos in files. */
export type PhotosConfig = FolderConfig | LabelsConfig | ScoresConfig | AvaConfig;

export type DatasetConfig = PhotosConfig | SyntheticConfig;

export type SplitName = 'train' | 'test';
