import { classification } from '@resizer-lab/classification';
import type { ClassificationRecord } from '@resizer-lab/classification/metrics';
import { quality } from '@resizer-lab/quality';
import type { QualityRecord } from '@resizer-lab/quality/metrics';
import type { CellRecord } from '@resizer-lab/suite';
import { z } from 'zod';
import type { CellConfig } from './config.ts';

/** What a cell measures: what a cell of the study whose task it has does. */
export const measurementsSchema = z.union([classification.measurements, quality.measurements]);

export type GeneralisationRecord = CellRecord<CellConfig, z.infer<typeof measurementsSchema>>;

interface OfTask {
  config: CellConfig;
}

/** Cells, planned or finished, by their task, as those of the two other studies. */
export function partedByTask<C extends OfTask>(cells: readonly C[]) {
  return {
    classes: cells.filter((cell): cell is C & Pick<ClassificationRecord, 'config' | 'measurements'> =>
      isOf(cell, 'classification'),
    ),
    scores: cells.filter((cell): cell is C & Pick<QualityRecord, 'config' | 'measurements'> =>
      isOf(cell, 'quality'),
    ),
  };
}

const isOf = ({ config }: OfTask, task: CellConfig['task']) => config.task === task;
