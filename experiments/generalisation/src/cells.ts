import { isDeepStrictEqual } from 'node:util';
import { classification } from '@resizer-lab/classification';
import type { DatasetConfig } from '@resizer-lab/datasets';
import { quality } from '@resizer-lab/quality';
import { type BackboneConfig, weightsRole } from '@resizer-lab/study';
import type { CellSpec } from '@resizer-lab/suite';
import { ARMS, swapArm } from './arms.ts';
import type { CellConfig, Config } from './config.ts';

/** The photos that all cells of a config look at. */
export function photosOf(config: Config): DatasetConfig {
  const { task } = config;
  return task.kind === 'classification'
    ? classification.photos(sectionsOf(task, config))
    : quality.photos(sectionsOf(task, config));
}

/** What a config reads, by role: the manifest's hash, and that of each weights file. */
export function inputsOf(config: Config, place: { dataRoot: string }): Promise<Record<string, string>> {
  const { task } = config;
  return task.kind === 'classification'
    ? classification.datasets(sectionsOf(task, config), place)
    : quality.datasets(sectionsOf(task, config), place);
}

/** The config as one of the study whose task it is, without arms. */
function sectionsOf<Task>(task: Task, { input, target, backbones, baseline, swap }: Config) {
  const { duration, rate } = swap;
  return { ...task, input, target, backbones, baseline, arms: { duration, rate, list: {} } };
}

/** The cells of one target and seed. */
interface Place {
  config: Config;
  data: DatasetConfig;
  backbone: BackboneConfig;
  seed: number;
}

type Spec = CellSpec<CellConfig>;

/** For each seed and backbone: the baseline, both stages' own resizers and controls, and every swap. */
export function cellsOf(config: Config, seeds: readonly number[]): Spec[] {
  const data = photosOf(config);
  return seeds.flatMap((seed) =>
    config.backbones.flatMap((backbone) => {
      const place = { config, data, backbone, seed };
      const swaps = config.backbones.flatMap((source) => swapsAt(place, source));
      return [baselineAt(place), ...stagesAt(place), ...swaps];
    }),
  );
}

function baselineAt(place: Place): Spec {
  const { weights } = place.backbone;
  const { duration, rate } = place.config.baseline;
  return {
    id: idAt(place, ARMS.baseline),
    config: {
      ...commonAt(place),
      ...{ role: 'baseline', arm: ARMS.baseline, duration, rate },
      start: weights === undefined ? [] : [{ part: 'backbone', weights }],
    },
    data: weights === undefined ? ['photos'] : ['photos', weightsRole(weights)],
  };
}

/**
 * A resizer of random values and its control, for the length of each stage. Stages that are alike share
 * them: the resizer that other backbones get is then also the one that they are compared with.
 */
function stagesAt(place: Place): Spec[] {
  const { source, swap } = place.config;
  const second = { role: 'arm', duration: swap.duration, rate: swap.rate };
  const first = { role: 'source', duration: source.duration, rate: source.rate };
  const fixed = armAt(place, { ...second, arm: ARMS.fixed });
  const { resizer } = place.config;
  const learned = (arm: string, control: string) => ({ arm, resizer, ...comparedWith(place, control) });
  if (isDeepStrictEqual({ ...first, role: 'arm' }, second)) {
    return [fixed, armAt(place, { ...first, ...learned(ARMS.own, ARMS.fixed) })];
  }
  return [
    armAt(place, { ...first, arm: ARMS.ownFixed }),
    armAt(place, { ...first, ...learned(ARMS.own, ARMS.ownFixed) }),
    fixed,
    armAt(place, { ...second, ...learned(ARMS.random, ARMS.fixed) }),
  ];
}

/** The resizer of a source in front of a target's baseline: as it is, and fine-tuned with it. */
function swapsAt(place: Place, { name: source }: BackboneConfig): Spec[] {
  const { resizer, swap, source: first } = place.config;
  const shared: Part = {
    ...{ resizer, range: source },
    start: [
      { part: 'backbone', cell: 'baseline' },
      { part: 'resizer', cell: 'source' },
    ],
  };
  const needs = { source: `${source}/${ARMS.own}/seed${place.seed}` };
  const zeroShot = {
    ...{ ...shared, role: 'zero-shot', arm: swapArm('zero-shot', source), control: ARMS.baseline },
    // Nothing is trained; the rate that its source was trained with is part of its key in any case.
    ...{ duration: null, rate: first.rate },
  };
  const tuned = {
    ...{ ...shared, role: 'arm', arm: swapArm('fine-tuned', source) },
    ...{ ...comparedWith(place, ARMS.fixed), duration: swap.duration, rate: swap.rate },
    // How a foreign one comes out is what the study asks.
    ...(source === place.backbone.name ? {} : { expect: null }),
  };
  return [armAt(place, zeroShot, needs), armAt(place, tuned, needs)];
}

/** What a cell of an arm has for itself. */
type Part = Partial<Pick<CellConfig, 'resizer' | 'range' | 'start' | 'control' | 'expect'>>;

function comparedWith({ config }: Place, control: string): Part {
  return { control, expect: config.swap.expect ?? null };
}

function armAt(
  place: Place,
  part: Part & Pick<CellConfig, 'role' | 'arm' | 'duration' | 'rate'>,
  needs: Record<string, string> = {},
): Spec {
  const { arm, control } = part;
  return {
    id: idAt(place, arm),
    config: { ...commonAt(place), start: [{ part: 'backbone', cell: 'baseline' }], ...part },
    data: ['photos'],
    needs: { baseline: idAt(place, ARMS.baseline), ...needs },
    ...(control ? { controls: [idAt(place, control)] } : {}),
  };
}

const idAt = ({ backbone, seed }: Place, arm: string) => `${backbone.name}/${arm}/seed${seed}`;

function commonAt({ config, data, backbone: { name }, seed }: Place) {
  const { input, target, baseline } = config;
  return {
    ...taskOf(config),
    ...{ backbone: name, range: name, data, input, target, seed, resizer: baseline.resizer },
    ...{ control: null, expect: null, frozenBackbone: false },
  };
}

/** Which task, and what it trains with. */
function taskOf({ task }: Config) {
  return task.kind === 'classification'
    ? { task: task.kind, training: task.training }
    : { task: task.kind, training: task.training };
}
