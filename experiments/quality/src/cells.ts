import type { DatasetConfig } from '@resizer-lab/datasets';
import { datasetsOf, inputsOf as hashesOf, pairedCells, type Sizes } from '@resizer-lab/study';
import type { CellSpec } from '@resizer-lab/suite';
import type { CellConfig, Config } from './config.ts';

/** The data set of a config for photos of a size, as the datasets package takes it. */
function datasetOf({ data }: Config, { input, target }: Sizes): DatasetConfig {
  // What is absent in the config is absent here; its type says it could be there and undefined.
  return (data.kind === 'synthetic' ? { ...data, size: input, target } : data) as DatasetConfig;
}

/** The data set of the first size. */
export function photosOf(config: Config): DatasetConfig {
  return datasetOf(config, { input: [config.input].flat()[0]!, target: config.target });
}

/** What a config reads, by role: the manifest's hash, and that of each weights file. */
export function inputsOf(config: Config, place: { dataRoot: string }): Promise<Record<string, string>> {
  const datasets = datasetsOf(config, (sizes) => datasetOf(config, sizes));
  const weights = config.backbones.flatMap((backbone) => backbone.weights ?? []);
  return hashesOf({ datasets, weights }, place);
}

/** For each backbone, size and seed: the baseline, then every arm from that baseline's checkpoint. */
export function cellsOf(config: Config, seeds: readonly number[]): CellSpec<CellConfig>[] {
  return pairedCells(config, { seeds, datasetOf: (sizes) => datasetOf(config, sizes) });
}
