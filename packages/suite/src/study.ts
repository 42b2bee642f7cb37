import type { Json } from '@resizer-lab/base';
import type { DatasetConfig, Transform } from '@resizer-lab/datasets';
import type { ProgressUpdate } from '@resizer-lab/training/records';
import type { z } from 'zod';

/**
 * One cell as a study asks for it: one process' worth of work, told completely by its config, the
 * data it reads and the cells it starts from.
 */
export interface CellSpec<Config> {
  /** Unique in the config and readable: `mobilenetv2/learned/seed1`. */
  readonly id: string;
  /** Fully resolved: nothing that bears on the result is left to a default. JSON. */
  readonly config: Config;
  /** Roles of the data sets (of `datasets`) that it reads. */
  readonly data: readonly string[];
  /** Cells whose output it starts from, id by role: `{ baseline: 'mobilenetv2/baseline/seed1' }`. */
  readonly needs?: Readonly<Record<string, string>>;
  /** Ids of the paired controls without which its numbers mean nothing; a suite that lacks one is refused. */
  readonly controls?: readonly string[];
}

/** A cell with its identity. */
export interface Cell<Config = unknown> {
  /** 16 hex digits: the hash of study, config, data and needs. */
  readonly key: string;
  readonly id: string;
  readonly study: string;
  readonly config: Config;
  /** Manifest hash of each data set it reads, by role. */
  readonly data: Readonly<Record<string, string>>;
  /** Keys of the cells it starts from, by role. */
  readonly needs: Readonly<Record<string, string>>;
}

/** A finished cell. */
export interface CellRecord<Config = unknown, Measurements = unknown> extends Cell<Config> {
  /** Where its files are. */
  readonly directory: string;
  readonly measurements: Measurements;
  /** ISO 8601 times of the attempt that finished it, and its length. An earlier attempt is not counted. */
  readonly started: string;
  readonly finished: string;
  readonly seconds: number;
  /** Versions and device of the process that finished it. */
  readonly software: Readonly<Record<string, Json>>;
}

/** What a cell costs, for `resizer plan`; counted, not measured. */
export interface CellCost {
  /** Images that training goes through, over all its epochs. */
  readonly trainingImages: number;
  /** Images that are predicted, over all its evaluations. */
  readonly evaluationImages: number;
  /**
   * Multiply-adds of one image's forward pass, by part of the network: `{ resizer: …, mobilenetv2: … }`. A
   * training step takes three times as many: forward, gradients of the activations, gradients of the weights.
   */
  readonly multiplyAdds: Readonly<Record<string, number>>;
  /** Images a training step. */
  readonly batch: number;
  /** Side of the images that each of those parts gets, in pixels. */
  readonly sides: Readonly<Record<string, number>>;
  readonly loading: Loading;
  /** Bytes that its folder takes at most: weights, checkpoints, records. */
  readonly diskBytes: number;
}

/** Photos that are decoded (drawn, if synthetic) and brought to a size. */
export interface Loading {
  readonly dataset: DatasetConfig;
  readonly transform: Transform;
  /** Side in pixels. */
  readonly size: number;
  /** How many: those that the cells before it have left in the photo cache are not counted. */
  readonly photos: number;
}

/** What a running cell is given. */
export interface CellContext {
  /** Its own folder; what an earlier, interrupted attempt left there is still there. */
  readonly directory: string;
  /** The folder with the data sets. */
  readonly dataRoot: string;
  /** Aborted when the cell is to stop; throw `signal.reason` at the next opportunity, checkpoint first. */
  readonly signal: AbortSignal;
  /** The folder of the finished cell in a role of `needs`. */
  need(role: string): string;
  progress(update: ProgressUpdate): void;
}

/**
 * A study: its config section, its cells, how one of them runs, its tables. It knows nothing of how
 * cells are scheduled. Written with `defineStudy`, which infers the types from the three schemas.
 *
 * The functions are methods so that studies of different types fit in one list: the runner hands
 * each only what that study's own schemas have made.
 */
export interface Study<
  Config extends z.ZodObject = z.ZodObject,
  CellConfig extends z.ZodType = z.ZodType,
  Measurements extends z.ZodType = z.ZodType,
  Table = unknown,
> {
  /** The value of `study:` in a config. */
  readonly name: string;
  /** The sections of the YAML below the fixed top. Nested objects must be strict. */
  readonly config: Config;
  /** A resolved cell config, as it comes back from JSON: no transforms. */
  readonly cell: CellConfig;
  /** What a cell measures, as it comes back from JSON: no transforms. */
  readonly measurements: Measurements;
  /** The photos that a config's cells look at. */
  photos(config: z.infer<Config>): DatasetConfig;
  /** Manifest hash of each data set, by role. Throws UserError where one is missing. */
  datasets(config: z.infer<Config>, place: { dataRoot: string }): Promise<Record<string, string>>;
  /** All cells, in no particular order. */
  cells(config: z.infer<Config>, seeds: readonly number[]): CellSpec<z.infer<CellConfig>>[];
  /** What each of these cells costs, in their order. Runs nothing; a study without it has no estimates. */
  costs?(
    cells: readonly Cell<z.infer<CellConfig>>[],
    place: { dataRoot: string },
  ): Promise<readonly CellCost[]>;
  /** Does the work of one cell, in a process of its own. May be called again after a kill: resumes. */
  run(cell: Cell<z.infer<CellConfig>>, context: CellContext): Promise<z.infer<Measurements>>;
  /** Tables of the finished cells of one config, in the order of the plan. */
  tables(
    records: readonly CellRecord<z.infer<CellConfig>, z.infer<Measurements>>[],
    suite: { readonly name: string; readonly title: string; readonly seeds: readonly number[] },
  ): Promise<Table[]>;
}

/** A study, its types inferred from its schemas. */
export function defineStudy<
  Config extends z.ZodObject,
  CellConfig extends z.ZodType,
  Measurements extends z.ZodType,
  Table,
>(study: Study<Config, CellConfig, Measurements, Table>): Study<Config, CellConfig, Measurements, Table> {
  return study;
}
