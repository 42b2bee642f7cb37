import { hashOf } from '@resizer-lab/base';
import type { DatasetConfig, Manifest, SplitName } from '@resizer-lab/datasets';
import { countParameters } from '@resizer-lab/layers';
import type { Cell, CellCost } from '@resizer-lab/suite';
import { stepsOf } from '@resizer-lab/training';
import type { TrainedCell } from '../cell.ts';
import { type FitConfig, transformOf } from '../config/photos.ts';
import { openPhotos } from '../inputs.ts';
import { type ModelConfig, modelOf, multiplyAddsOfModel, parametersOfModel } from './model.ts';
import type { Task } from './task.ts';
import { trainedNames } from './work.ts';

/** What the costs of cells depend on beside the cells themselves. */
export interface CostsOptions {
  dataRoot: string;
  task: Pick<Task<never, never>, 'outputs'>;
}

/** What each cell costs, from the sizes of its data and of its model; nothing runs. */
export async function costsOf(
  cells: readonly Cell<TrainedCell>[],
  { dataRoot, task }: CostsOptions,
): Promise<CellCost[]> {
  // Many cells share their photos and their model.
  const manifestOf = remembered(async (data: DatasetConfig) => (await openPhotos(data, dataRoot)).manifest);
  const sizeOf = remembered(sizeOfModel);
  const prepared = new Set<string>();
  const costs: CellCost[] = [];
  for (const { config } of cells) {
    const manifest = await manifestOf(config.data as DatasetConfig);
    const { backbone, range, resizer, input, target, frozenBackbone, duration } = config;
    const model = { backbone, range, resizer, input, target, frozenBackbone, duration };
    const size = sizeOf({ config: model, outputs: task.outputs(manifest) });
    const cost = costOf(config, manifest, size);
    costs.push({ ...cost, loading: loadingOf(config, { ...cost, manifest, prepared }) });
  }
  return costs;
}

function remembered<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<string, Value>();
  return (key) => {
    const hash = hashOf(key);
    const value = made.get(hash) ?? make(key);
    made.set(hash, value);
    return value;
  };
}

interface ModelSize {
  multiplyAdds: { resizer: number; backbone: number };
  /** How many numbers the model holds, and how many of them are trained. */
  parameters: number;
  trained: number;
}

interface Sized {
  config: ModelConfig & Pick<TrainedCell, 'duration'>;
  outputs: number;
}

function sizeOfModel({ config, outputs }: Sized): ModelSize {
  const parameters = parametersOfModel(modelOf(config, outputs), config);
  return {
    multiplyAdds: multiplyAddsOfModel(config, outputs),
    parameters: countParameters(parameters.values()),
    trained: countParameters(trainedNames(config, parameters).map((name) => parameters.get(name)!)),
  };
}

const BYTES = { number: 4, prediction: 300, step: 200 };
/** Two checkpoints are kept while a third is written. */
const CHECKPOINTS = 3;

function costOf(config: TrainedCell, { splits }: Manifest, size: ModelSize): Omit<CellCost, 'loading'> {
  const { duration, training, backbone, input, target } = config;
  const { batch, reestimateBatches } = training;
  const test = splits.test.length;
  const perEpoch = Math.floor(splits.train.length / batch);
  const steps = duration === null ? 0 : stepsOf(duration, perEpoch);
  const evaluations = duration === null ? 1 : Math.ceil(steps / perEpoch);
  const otherStatistics = reestimateBatches === null ? 0 : 2 * test + reestimateBatches * batch;
  const { multiplyAdds, parameters, trained } = size;
  const checkpoints = duration === null ? 0 : CHECKPOINTS;
  return {
    trainingImages: steps * batch,
    evaluationImages: evaluations * test + otherStatistics,
    multiplyAdds: { resizer: multiplyAdds.resizer, [backbone]: multiplyAdds.backbone },
    batch,
    sides: { resizer: input, [backbone]: target },
    diskBytes:
      BYTES.number * (parameters + checkpoints * (parameters + trained)) +
      BYTES.prediction * test +
      BYTES.step * steps,
  };
}

interface Loaded extends Pick<CellCost, 'trainingImages' | 'evaluationImages'> {
  manifest: Manifest;
  /** Splits that earlier cells have left in the photo cache; those of this one are added. */
  prepared: Set<string>;
}

/** Synthetic pictures are drawn whenever they are asked for; photos are decoded once for all cells that share them. */
function loadingOf(
  { data, training, input }: TrainedCell,
  { trainingImages, evaluationImages, manifest, prepared }: Loaded,
): CellCost['loading'] {
  const dataset = data as DatasetConfig;
  const loading = { dataset, transform: transformOf(training.augment, input), size: input };
  if (dataset.kind === 'synthetic') return { ...loading, photos: trainingImages + evaluationImages };
  const decoded = (split: SplitName, fit: FitConfig) => {
    const key = hashOf({ photos: manifest.hash, split, fit: { ...fit, flip: false }, input });
    if (prepared.has(key)) return 0;
    prepared.add(key);
    return manifest.splits[split].length;
  };
  const trained = trainingImages > 0 ? decoded('train', training.augment) : 0;
  return { ...loading, photos: Math.min(trained, trainingImages) + decoded('test', training.evaluate) };
}
