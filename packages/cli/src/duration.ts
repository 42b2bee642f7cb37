import { hashOf } from '@resizer-lab/base';
import type { CellCost, Loading } from '@resizer-lab/suite';

/** A part of a network at about the size that cells run it at. */
export interface TimedPart {
  /** A backbone by its name, or `resizer`. */
  readonly part: string;
  /** Side of its images in pixels, and how many a step takes. */
  readonly side: number;
  readonly batch: number;
}

/** Photos of one kind, as a cell loads them. */
export type Photos = Omit<Loading, 'photos'>;

/** How fast a machine is. */
export interface Calibration {
  readonly machine: string;
  readonly cores: number;
  /** From the start of a cell's process to its work. */
  readonly process: { readonly seconds: number; readonly when: string };
  /** `flops`: a second, in training steps; `starting`: seconds until the first are made. */
  readonly parts: readonly (TimedPart & {
    readonly flops: number;
    readonly starting: number;
    readonly when: string;
  })[];
  /** Of one thread. */
  readonly photos: readonly (Photos & { readonly perSecond: number; readonly when: string })[];
}

type Counted = Record<string, number>;

/**
 * Operations of a cell by part of its network. A training step takes three times those of a forward
 * pass: besides it, the gradients of activations and of weights, each as many.
 */
export function flopsOf({ trainingImages, evaluationImages, multiplyAdds }: CellCost): Counted {
  const passes = 3 * trainingImages + evaluationImages;
  return Object.fromEntries(Object.entries(multiplyAdds).map(([part, each]) => [part, 2 * passes * each]));
}

/** What must be timed to know how long these cells take. */
export function toTime(costs: readonly CellCost[]): { parts: TimedPart[]; photos: Photos[] } {
  const loaded = costs.flatMap(({ loading }) => (loading.photos > 0 ? [photosOf(loading)] : []));
  const parts = distinct(costs.flatMap(timedPartsOf));
  return {
    parts: parts.sort((a, b) => a.part.localeCompare(b.part) || a.side - b.side),
    photos: distinct(loaded),
  };
}

/**
 * How long a cell takes, in seconds: its process starts, its network is compiled, its operations are
 * done, and its photos are loaded by a thread beside them. That thread takes its share of the cores
 * from the operations, and where it is slower than them, they wait. Undefined where the calibration lacks
 * something.
 */
export function secondsOf(
  cost: CellCost,
  { cores, process, parts, photos }: Calibration,
): number | undefined {
  const flops = flopsOf(cost);
  const [start, work] = [[process.seconds], [] as number[]];
  for (const timed of timedPartsOf(cost)) {
    const rate = parts.find((candidate) => isEqual(timed, candidate));
    if (rate === undefined) return undefined;
    start.push(rate.starting);
    work.push(flops[timed.part]! / rate.flops);
  }
  const loading = loadingOf(cost, photos);
  if (loading === undefined) return undefined;
  return sum(start) + Math.max(sum(work) + loading / cores, loading);
}

function loadingOf({ loading }: CellCost, rates: Calibration['photos']): number | undefined {
  if (loading.photos === 0) return 0;
  const wanted = hashOf(photosOf(loading));
  const rate = rates.find((candidate) => hashOf(photosOf(candidate)) === wanted);
  return rate && loading.photos / rate.perSecond;
}

/** Synthetic pictures of a size take about as long whatever is on them, and however many there are. */
function photosOf({ dataset, transform, size }: Photos): Photos {
  if (dataset.kind !== 'synthetic') return { dataset, transform, size };
  const some = { train: 64, test: 64, classes: 2, version: 'positive', seed: 0 } as const;
  return { dataset: { ...dataset, ...some }, transform, size };
}

/** Sides at which parts are timed: small images keep a machine less busy, and beyond 224 nothing changes. */
const SIDES = [32, 64, 128, 224];

/** The parts that do something, at the size of `SIDES` that is nearest by ratio, in steps that are soon made. */
function timedPartsOf({ multiplyAdds, sides, batch }: CellCost): TimedPart[] {
  return Object.entries(multiplyAdds).flatMap(([part, each]) => {
    if (each === 0) return [];
    const distance = (side: number) => Math.abs(Math.log(side / (sides[part] ?? 224)));
    const side = SIDES.reduce((best, other) => (distance(other) < distance(best) ? other : best));
    return [{ part, side, batch: Math.min(batch, side <= 64 ? 32 : 8) }];
  });
}

function isEqual(one: TimedPart, other: TimedPart): boolean {
  return one.part === other.part && one.side === other.side && one.batch === other.batch;
}

function distinct<Item>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [hashOf(item), item])).values()];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
