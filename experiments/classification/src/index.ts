import { defineStudy } from '@resizer-lab/suite';
import { cellsOf, datasetOf, inputsOf } from './cells.ts';
import { cellSchema, configSchema } from './config.ts';
import { measurementsSchema } from './measurements.ts';
import { tablesOf } from './tables.ts';

/** Study 1: a learned resizer in front of a backbone, against the same backbone with a fixed one. */
export const classification = defineStudy({
  name: 'classification',
  config: configSchema,
  cell: cellSchema,
  measurements: measurementsSchema,
  photos: datasetOf,
  datasets: inputsOf,
  cells: cellsOf,
  // Loads TensorFlow, which checking and planning a config do not need.
  run: async (cell, context) => (await import('./run.ts')).runCell(cell, context),
  tables: tablesOf,
});

export { openPhotos } from './cells.ts';
