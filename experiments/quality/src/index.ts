import { defineStudy } from '@resizer-lab/suite';
import { cellsOf, inputsOf, photosOf } from './cells.ts';
import { cellSchema, configSchema } from './config.ts';
import { measurementsSchema } from './measurements.ts';
import { tablesOf } from './tables.ts';

/** Study 2: a learned resizer in front of a backbone that says how people score photos. */
export const quality = defineStudy({
  name: 'quality',
  config: configSchema,
  cell: cellSchema,
  measurements: measurementsSchema,
  photos: photosOf,
  datasets: inputsOf,
  cells: cellsOf,
  async costs(cells, { dataRoot }) {
    const [{ costsOf }, { scoreTask }] = await Promise.all([
      import('@resizer-lab/study/run'),
      import('./task.ts'),
    ]);
    return costsOf(cells, { dataRoot, task: scoreTask({ emd: 2 }) });
  },
  // Loads TensorFlow, which checking and planning a config do not need.
  async run({ config }, context) {
    const [{ runTrainedCell }, { scoreTask }] = await Promise.all([
      import('@resizer-lab/study/run'),
      import('./task.ts'),
    ]);
    return runTrainedCell(config, context, scoreTask(config.training));
  },
  tables: tablesOf,
});
