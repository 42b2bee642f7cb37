import type { TrainedCell } from '../cell.ts';
import { durationText } from './notes.ts';
import type { Scored } from './scored.ts';

/**
 * Where the cells depart from the paper's training protocol, or settle what it leaves open: batch size,
 * augmentation, weight decay, warm-up and epochs. A line each.
 */
export function deviationsOf(scored: readonly Scored[]): string[] {
  const configs = scored.map(({ record }) => record.config);
  const baseline = configs.find(({ role }) => role === 'baseline');
  const arm = configs.find(({ role, duration }) => role === 'arm' && duration !== null);
  const any = baseline ?? arm;
  if (!any) return [];
  const { batch, augment } = any.training;
  const lengths = [
    ...(baseline?.duration ? [`${durationText(baseline.duration)} of the baseline`] : []),
    ...(arm?.duration ? [`${durationText(arm.duration)} of the arms`] : []),
  ];
  const open = `batches of ${batch}, ${augmentText(augment)}, no weight decay, no warm-up, ${lengths.join(' and ')}`;
  return [`Not stated by the paper, chosen here: ${open}.`, ...departures(baseline, arm)].map(
    (text) => `Deviation: ${text}`,
  );
}

function augmentText({ fit, flip }: TrainedCell['training']['augment']): string {
  return `training photos fitted by ${fit}${flip ? ' and flipped at random' : ''}`;
}

/** The paper: momentum 0.9, rates 0.05 from scratch and 0.005 for fine-tuning, ×0.94 every 2 epochs. */
function departures(baseline: TrainedCell | undefined, arm: TrainedCell | undefined): string[] {
  const { momentum, decay } = (baseline ?? arm!).training;
  const texts: string[] = [];
  if (momentum !== 0.9) texts.push(`Momentum ${momentum}; the paper: 0.9.`);
  if (decay.factor !== 0.94 || decay.everyEpochs !== 2) {
    texts.push(
      `Learning rate ×${decay.factor} every ${durationText({ epochs: decay.everyEpochs })}; the paper: ×0.94 every 2 epochs.`,
    );
  }
  const rates = [
    { cell: baseline, what: 'baseline', wanted: baseline?.start.length === 0 ? 0.05 : 0.005 },
    { cell: arm, what: 'arms', wanted: 0.005 },
  ];
  for (const { cell, what, wanted } of rates) {
    if (cell && cell.rate !== wanted) {
      texts.push(`Learning rate of the ${what} ${cell.rate}; the paper: ${wanted}.`);
    }
  }
  if (baseline?.start.length)
    texts.push('The baseline starts from published weights; the paper trains its own.');
  return texts;
}
