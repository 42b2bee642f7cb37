import { defineStudy } from '@resizer-lab/suite';
import { cellsOf, inputsOf, photosOf } from './cells.ts';
import { cellSchema, configSchema } from './config.ts';
import { measurementsSchema } from './measurements.ts';
import { tablesOf } from './tables.ts';

/** Study 1: a learned resizer in front of a backbone, against the same backbone with a fixed one. */
export const classification = defineStudy({
  name: 'classification',
  config: configSchema,
  cell: cellSchema,
  measurements: measurementsSchema,
  photos: photosOf,
  datasets: inputsOf,
  cells: cellsOf,
  async costs(cells, { dataRoot }) {
    const [{ costsOf }, { classTask }] = await Promise.all([
      import('@resizer-lab/study/run'),
      import('./task.ts'),
    ]);
    return costsOf(cells, { dataRoot, task: classTask({ labelSmoothing: 0 }) });
  },
  // Loads TensorFlow, which checking and planning a config do not need.
  async run({ config }, context) {
    const [{ runTrainedCell }, { classTask }] = await Promise.all([
      import('@resizer-lab/study/run'),
      import('./task.ts'),
    ]);
    return runTrainedCell(config, context, classTask(config.training));
  },
  tables: tablesOf,
});
