import type { Duration } from '@resizer-lab/training';
import type { Scored } from './scored.ts';

/** `1, 2`: the seeds of the cells. */
export function seedsText(scored: readonly Scored[]): string {
  return [...new Set(scored.map(({ record }) => record.config.seed))].join(', ');
}

/** How the arms were trained, if any is finished. */
export function protocolNotes(scored: readonly Scored[]): string[] {
  const { training, duration } =
    scored.find(({ record }) => record.config.role === 'arm')?.record.config ?? {};
  if (!training || !duration) return [];
  return [
    `Every arm starts from the baseline's checkpoint and trains for another ${durationText(duration)}, in the same order of photos (batch ${training.batch}).`,
  ];
}

/** `1 epoch`, `20 steps`. */
export function durationText(duration: Duration): string {
  return 'epochs' in duration ? counted(duration.epochs, 'epoch') : counted(duration.steps, 'step');
}

function counted(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? '' : 's'}`;
}
