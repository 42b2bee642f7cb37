import type { Duration } from '@resizer-lab/training';
import type { Scored } from './scored.ts';

/** `1, 2`: the seeds of the cells. */
export function seedsText(scored: readonly Scored[]): string {
  return [...new Set(scored.map(({ record }) => record.config.seed))].join(', ');
}

/** Whether pictures were made in memory, so that nothing is said of the paper. */
export function isSynthetic({ record }: Scored): boolean {
  return (record.config.data as { kind: string }).kind === 'synthetic';
}

/** `2000 training and 500 test photos of biq2021 (3 could not be used)`. */
export function photosText({ record: { config, measurements } }: Scored): string {
  const { path } = config.data as { path: string };
  const { trainingPhotos, photos, dropped } = measurements;
  const unusable = dropped > 0 ? ` (${dropped} could not be used)` : '';
  return `${trainingPhotos} training and ${photos} test photos of ${path}${unusable}`;
}

/** How the arms were trained, if any is finished. */
export function protocolNotes(scored: readonly Scored[]): string[] {
  const configs = scored.map(({ record }) => record.config);
  const { training, duration } =
    configs.find(({ role, duration }) => role === 'arm' && duration !== null) ?? {};
  const trained =
    training && duration
      ? [
          `Every arm starts from the baseline's checkpoint and trains for another ${durationText(duration)}, in the same order of photos (batch ${training.batch}).`,
        ]
      : [];
  const frozen = configs.filter(({ frozenBackbone }) => frozenBackbone).map(({ arm }) => arm);
  if (frozen.length === 0) return trained;
  return [...trained, `The backbone stays as the baseline left it in: ${[...new Set(frozen)].join(', ')}.`];
}

/** `1 epoch`, `20 steps`. */
export function durationText(duration: Duration): string {
  return 'epochs' in duration ? counted(duration.epochs, 'epoch') : counted(duration.steps, 'step');
}

function counted(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? '' : 's'}`;
}
