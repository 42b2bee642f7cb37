import type { TrainedCell } from '../cell.ts';
import type { Probes } from '../measurements.ts';
import { type Comparison, verdictOf } from './comparison.ts';
import { checkPair, controlOf, type Scored } from './scored.ts';

/** Control experiments that came out otherwise than they must, and learned resizers that were not at work. */
export function alarmsOf<S extends Scored>(scored: readonly S[], comparison: Comparison<S>): string[] {
  return scored.flatMap((cell) => {
    const { id, config, measurements } = cell.record;
    const idle = measurements.probes === null ? [] : probeFailures(measurements.probes, config);
    const alarms = idle.map((failure) => `${id}: ${failure}`);
    const control = controlOf(cell, scored);
    if (!control || config.expect === null) return alarms;
    checkPair(cell, control);
    const verdict = verdictOf(comparison.of(cell, control), comparison.better);
    if (verdict === config.expect) return alarms;
    return [...alarms, `${id} must be ${config.expect} against ${control.record.id}, but is ${verdict}`];
  });
}

/** What the probes of a resizer with weights say against it. */
function probeFailures(probes: Probes, { resizer, duration }: TrainedCell): string[] {
  const { outputShape, sizeIsTarget, differenceFromInterpolation, differenceFromInput, weights } = probes;
  const still = duration === null || (resizer.kind === 'learned' && resizer.frozen);
  return [
    ...(sizeIsTarget ? [] : [`its output is ${outputShape.join(' × ')}, not the target size`]),
    ...(differenceFromInterpolation > 0 ? [] : ['its output is the base interpolation']),
    ...(differenceFromInput === 0 ? ['its output is its input'] : []),
    ...Object.entries(weights).flatMap(([name, { gradient, moved }]) => [
      // What is only evaluated may stand before a backbone that no gradient passes.
      ...(gradient > 0 || duration === null ? [] : [`no gradient reaches ${name}`]),
      ...(moved > 0 || still ? [] : [`${name} did not move`]),
    ]),
  ];
}
