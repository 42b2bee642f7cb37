import { canonicalJson } from '@resizer-lab/base';
import type { DatasetConfig } from '@resizer-lab/datasets';
import type { CellSpec } from '@resizer-lab/suite';
import type { TrainedCell } from './cell.ts';
import { armsOf, type OneArm, ownTarget } from './config/arms.ts';
import type { BackboneConfig } from './config/backbones.ts';
import { hasWeights } from './config/resizers.ts';
import type { PairedConfig } from './config/sections.ts';
import type { Protocol } from './config/training.ts';
import { weightsRole } from './inputs.ts';

/** Sides of the photos before and after the resizer. */
export interface Sizes {
  input: number;
  target: number;
}

/** The data set of a study for photos of a size. */
export type DatasetOf = (sizes: Sizes) => DatasetConfig;

/** The data sets of a config by role: one, `photos`, unless the photos themselves depend on the size. */
export function datasetsOf(
  { input, target }: Pick<PairedConfig<unknown>, 'input' | 'target'>,
  datasetOf: DatasetOf,
): Map<string, DatasetConfig> {
  const all = [input].flat().map((size) => [size, datasetOf({ input: size, target })] as const);
  const same = new Set(all.map(([, dataset]) => canonicalJson(dataset))).size === 1;
  return new Map(all.map(([size, dataset]) => [same ? 'photos' : `photos ${size}`, dataset]));
}

/** The cells of one backbone, size and seed. */
interface Place<Training extends Protocol> {
  config: PairedConfig<Training>;
  backbone: BackboneConfig;
  seed: number;
  sizes: Sizes;
  data: DatasetConfig;
  /** Role of the data among the config's data sets. */
  photos: string;
}

/** For each backbone, input size and seed: the baseline, then every arm from that baseline's checkpoint. */
export function pairedCells<Training extends Protocol>(
  config: PairedConfig<Training>,
  { seeds, datasetOf }: { seeds: readonly number[]; datasetOf: DatasetOf },
): CellSpec<TrainedCell<Training>>[] {
  const roles = [...datasetsOf(config, datasetOf).keys()];
  return config.backbones.flatMap((backbone) =>
    [config.input].flat().flatMap((input, i) =>
      seeds.flatMap((seed) => {
        const sizes = { input, target: config.target };
        const photos = roles[i] ?? roles[0]!;
        return cellsAt({ config, backbone, seed, sizes, data: datasetOf(sizes), photos });
      }),
    ),
  );
}

function cellsAt<Training extends Protocol>(place: Place<Training>): CellSpec<TrainedCell<Training>>[] {
  const { config, backbone, photos } = place;
  const { weights } = backbone;
  const baseline: CellSpec<TrainedCell<Training>> = {
    id: idAt(place, 'baseline'),
    config: {
      ...{ ...commonAt(place), ...config.baseline, frozenBackbone: false },
      ...{ role: 'baseline', arm: 'baseline', control: null, expect: null },
      start: weights === undefined ? [] : [{ part: 'backbone', weights }],
    },
    data: weights === undefined ? [photos] : [photos, weightsRole(weights)],
  };
  return [baseline, ...armsOf(config.arms.list).map((arm) => armAt(place, arm))];
}

function armAt<Training extends Protocol>(
  place: Place<Training>,
  [name, arm]: [string, OneArm],
): CellSpec<TrainedCell<Training>> {
  const { config, sizes } = place;
  const { resizer, control, expect } = arm;
  const { duration, rate } = config.arms;
  const frozenBackbone = arm.backbone === 'frozen';
  return {
    id: idAt(place, name),
    config: {
      ...{ ...commonAt(place), resizer, rate, frozenBackbone },
      ...{ role: 'arm', arm: name, control: control ?? null, expect: expect ?? null },
      target: ownTarget(arm, place.backbone) ?? sizes.target,
      start: [{ part: 'backbone', cell: 'baseline' }],
      // A fixed resizer before a frozen backbone leaves nothing to train.
      duration: frozenBackbone && !hasWeights(resizer) ? null : duration,
    },
    data: [place.photos],
    needs: { baseline: idAt(place, 'baseline') },
    ...(control === undefined ? {} : { controls: [idAt(place, control)] }),
  };
}

function idAt<Training extends Protocol>({ config, backbone, seed, sizes }: Place<Training>, arm: string) {
  // One size is not named, so that ids stay short.
  const size = Array.isArray(config.input) ? [String(sizes.input)] : [];
  return [backbone.name, ...size, arm, `seed${seed}`].join('/');
}

function commonAt<Training extends Protocol>({ config, backbone, data, sizes, seed }: Place<Training>) {
  return {
    ...{ backbone: backbone.name, range: backbone.name, data, ...sizes },
    ...{ training: config.training, seed },
  };
}
