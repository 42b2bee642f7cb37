import { median, type Spread, spreadOf } from './statistics.ts';

/** One epoch of training: `first` fills the cache, `later` reads it, `held` has its batches in memory. */
export interface TrainedEpoch {
  kind: 'first' | 'later' | 'held';
  photos: number;
  /** From asking for the first batch to the end of the last step. */
  seconds: number;
  /** Of these, within steps. */
  stepSeconds: number;
}

/** A loader without training: seconds of each epoch of one process. */
export interface LoadedEpochs {
  name: string;
  photos: number;
  seconds: readonly number[];
}

const kinds: Readonly<Record<TrainedEpoch['kind'], string>> = {
  first: 'first, decoding',
  later: 'later, from the cache',
  held: 'batches held in memory',
};

/** How much of training is steps, and how fast photos come beside it. */
export function trainingTable(epochs: readonly TrainedEpoch[]): string[] {
  const rows = (Object.keys(kinds) as TrainedEpoch['kind'][]).map((kind) => {
    const own = epochs.filter((epoch) => epoch.kind === kind);
    const share = spreadOf(own.map(({ stepSeconds, seconds }) => (100 * stepSeconds) / seconds));
    const rate = spreadOf(own.map(({ photos, seconds }) => photos / seconds));
    return `| ${kinds[kind]} | ${own.length} | ${text(share, 1)} | ${text(rate, 0)} |`;
  });
  return ['| epochs | n | steps, % of wall time | photos/s |', '| --- | --- | --- | --- |', ...rows];
}

/**
 * The slowdown of an epoch from the cache against the mean of the two with held batches around it.
 * @returns in percent; below zero where the epoch from the cache was the faster one
 */
export function slowdown(epochs: readonly TrainedEpoch[]): Spread {
  const pairs = epochs.flatMap(({ kind, seconds }, i) => {
    const [before, after] = [epochs[i - 1], epochs[i + 1]];
    if (kind !== 'later' || before?.kind !== 'held' || after?.kind !== 'held') return [];
    return [100 * ((2 * seconds) / (before.seconds + after.seconds) - 1)];
  });
  return spreadOf(pairs);
}

/** Photos a second of each loader, in the first epoch and in the later ones of all its processes. */
export function loaderTable(runs: readonly LoadedEpochs[]): string[] {
  const names = [...new Set(runs.map(({ name }) => name))];
  const rows = names.map((name) => {
    const own = runs.filter((run) => run.name === name);
    const first = spreadOf(own.map(({ photos, seconds }) => photos / seconds[0]!));
    const later = spreadOf(own.map(({ photos, seconds }) => photos / median(seconds.slice(1))));
    return `| ${name} | ${text(first, 0)} | ${text(later, 0)} |`;
  });
  return ['| loader | first epoch, photos/s | later epochs, photos/s |', '| --- | --- | --- |', ...rows];
}

/** A median with its range. */
export function text({ median: middle, low, high }: Spread, digits: number): string {
  return `${middle.toFixed(digits)} (${low.toFixed(digits)} – ${high.toFixed(digits)})`;
}
