import { UserError } from '@resizer-lab/base';
import type { CellRecord } from '@resizer-lab/suite';
import type { z } from 'zod';
import type { TrainedCell } from '../cell.ts';
import type { CellMeasurements } from '../measurements.ts';
import { type PhotoPrediction, readPredictions } from '../predictions.ts';

/** The record of a finished cell, whatever its study measures. */
export type TrainedRecord = CellRecord<TrainedCell, CellMeasurements>;

/** A finished cell with what it predicted. */
export interface Scored<
  Prediction extends PhotoPrediction = PhotoPrediction,
  Record extends TrainedRecord = TrainedRecord,
> {
  record: Record;
  predictions: readonly Prediction[];
}

/** Reads what cells predicted. @throws UserError for predictions that are gone or damaged */
export function scoredOf<Schema extends z.ZodType<PhotoPrediction>, Record extends TrainedRecord>(
  records: readonly Record[],
  schema: Schema,
): Promise<Scored<z.infer<Schema>, Record>[]> {
  return Promise.all(
    records.map(async (record) => ({ record, predictions: await readPredictions(record.directory, schema) })),
  );
}

/** The cell that a cell is paired with: all is the same but the resizer. Undefined if it is not finished. */
export function controlOf<S extends Scored>({ record }: S, scored: readonly S[]): S | undefined {
  const { control, backbone, input, seed } = record.config;
  if (control === null) return undefined;
  return scored.find(
    ({ record: { config } }) =>
      config.arm === control &&
      config.backbone === backbone &&
      config.input === input &&
      config.seed === seed,
  );
}

/** @throws UserError for a pair that does not predict the same photos in the same order */
export function checkPair(arm: Scored, control: Scored): void {
  const samePhotos = arm.predictions.every(({ photo }, i) => photo === control.predictions[i]?.photo);
  if (samePhotos && arm.predictions.length === control.predictions.length) return;
  throw new UserError(
    `The cells ${arm.record.directory} and ${control.record.directory} are a pair, but predict other photos. ` +
      'Run them again.',
  );
}
