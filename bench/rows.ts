import type { Work } from './src/work.ts';

/** A comparison: one piece of work, given to every contestant. */
export interface Row extends Work {
  /** Least ratio to the best peer that we promise. */
  promised?: number;
}

/** What `npm run bench` measures. Sides in pixels; `resizer` is the side of the learned resizer's input. */
export const rows: readonly Row[] = [
  { task: 'train', model: 'resnet50', size: 224, batch: 8, promised: 1.15 },
  { task: 'train', model: 'resnet50', size: 224, batch: 4, resizer: 448, promised: 1.25 },
  { task: 'train', model: 'mobilenetv2_1.0', size: 224, batch: 16, promised: 1.5 },
  { task: 'train', model: 'mobilenetv2_1.0', size: 224, batch: 8, resizer: 448, promised: 1.4 },
  { task: 'train', model: 'densenet121', size: 224, batch: 8, promised: 1.15 },
  { task: 'train', model: 'resnet50', size: 64, batch: 2, promised: 1.5 },
  { task: 'train', model: 'densenet121', size: 224, batch: 4, resizer: 448 },
  { task: 'train', model: 'inception_v2', size: 224, batch: 8 },
  { task: 'train', model: 'inception_v2', size: 224, batch: 8, resizer: 448 },
  { task: 'train', model: 'efficientnetb0', size: 224, batch: 8 },
  { task: 'train', model: 'efficientnetb0', size: 224, batch: 8, resizer: 448 },
  { task: 'evaluate', model: 'resnet50', size: 224, batch: 8 },
  { task: 'evaluate', model: 'resnet50', size: 224, batch: 4, resizer: 448 },
  { task: 'evaluate', model: 'mobilenetv2_1.0', size: 224, batch: 16 },
  { task: 'evaluate', model: 'mobilenetv2_1.0', size: 224, batch: 8, resizer: 448 },
  { task: 'evaluate', model: 'densenet121', size: 224, batch: 8 },
  { task: 'evaluate', model: 'densenet121', size: 224, batch: 4, resizer: 448 },
  { task: 'evaluate', model: 'inception_v2', size: 224, batch: 8 },
  { task: 'evaluate', model: 'inception_v2', size: 224, batch: 8, resizer: 448 },
  { task: 'evaluate', model: 'efficientnetb0', size: 224, batch: 8 },
  { task: 'evaluate', model: 'efficientnetb0', size: 224, batch: 8, resizer: 448 },
];

/** The rows of `--quick`. */
export const quickRows = ['train/resnet50/64/b2', 'train/mobilenetv2_1.0/224/b16'];
