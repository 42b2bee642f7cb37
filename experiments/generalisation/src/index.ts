import { classification } from '@resizer-lab/classification';
import { quality } from '@resizer-lab/quality';
import { defineStudy } from '@resizer-lab/suite';
import { cellsOf, inputsOf, photosOf } from './cells.ts';
import { cellSchema, configSchema } from './config.ts';
import { measurementsSchema, partedByTask } from './records.ts';
import { tablesOf } from './tables.ts';

/** Study 3: a resizer that was trained with one backbone, in front of another. */
export const generalisation = defineStudy({
  name: 'generalisation',
  config: configSchema,
  cell: cellSchema,
  measurements: measurementsSchema,
  photos: photosOf,
  datasets: inputsOf,
  cells: cellsOf,
  async costs(cells, place) {
    // The cells of a config are all of one task, so that the order stays.
    const { classes, scores } = partedByTask(cells);
    if (classes.length > 0) return (await classification.costs?.(classes, place)) ?? [];
    return (await quality.costs?.(scores, place)) ?? [];
  },
  run(cell, context) {
    const { classes, scores } = partedByTask([cell]);
    return classes[0] ? classification.run(classes[0], context) : quality.run(scores[0]!, context);
  },
  tables: tablesOf,
});
