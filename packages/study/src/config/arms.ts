import { isDeepStrictEqual } from 'node:util';
import { duration } from '@resizer-lab/suite';
import { z } from 'zod';
import { backboneName, type BackboneConfig } from './backbones.ts';
import { fixedResizer, hasWeights, type ResizerConfig, resizerGrid, resizersOf } from './resizers.ts';
import { name, pixels, rate } from './values.ts';

export const expectation = z.enum(['better', 'tie']);

/** An arm: a resizer, and the arm that it is paired with. */
export const arm = z.strictObject({
  resizer: resizerGrid,
  control: name.optional().describe('The arm with a fixed resizer that this one is paired with'),
  expect: expectation
    .optional()
    .describe('What a control experiment must show against its paired arm; printed with the table'),
  target: z
    .union([pixels, z.partialRecord(backboneName, pixels)])
    .optional()
    .describe(
      'Size that the backbone sees in this arm, such as a larger one at equal cost, for all backbones or by name; ' +
        'default: `target`',
    ),
  backbone: z
    .enum(['trained', 'frozen'])
    .default('trained')
    .describe('`frozen`: the resizer alone is trained, the backbone stays as the baseline left it'),
});

export type ArmConfig = z.infer<typeof arm>;

/** An arm that stands for one resizer. */
export type OneArm = Omit<ArmConfig, 'resizer'> & { resizer: ResizerConfig };

/** Arms by name, grids of resizers taken apart. */
export function armsOf(list: Readonly<Record<string, ArmConfig>>): [string, OneArm][] {
  return Object.entries(list).flatMap(([own, arm]) =>
    resizersOf(arm.resizer).map(({ suffix, resizer }): [string, OneArm] => [
      own + suffix,
      { ...arm, resizer },
    ]),
  );
}

/**
 * Refuses arms whose numbers would mean nothing: a resizer with weights without its paired control, a
 * control that is not there, has no fixed resizer, or differs in more than the resizer.
 */
function checkArms(arms: Record<string, ArmConfig>, context: z.RefinementCtx): void {
  for (const [own, arm] of Object.entries(arms)) {
    const refuse = (key: string[], message: string) =>
      context.addIssue({ code: 'custom', path: [own, ...key], message });
    const { resizer, control, expect } = arm;
    if (control === undefined) {
      const title = resizer.kind === 'muller' ? 'the MULLER' : 'a learned';
      const advice = 'add `control:` with the name of an arm with a fixed resizer';
      if (hasWeights(resizer)) refuse([], `has ${title} resizer but no paired control; ${advice}`);
      if (expect) refuse(['expect'], 'needs a `control` to compare with');
    } else {
      const problem = control === own ? 'the arm itself' : problemOfControl(arm, arms[control]);
      const known = Object.keys(arms).join(', ');
      if (problem) refuse(['control'], `is "${control}", ${problem.replace('{known}', known)}`);
    }
  }
}

/** Why an arm cannot be the control of another, if it cannot. */
function problemOfControl(arm: ArmConfig, control: ArmConfig | undefined): string | undefined {
  if (!control) return 'which is no arm here; arms: {known}';
  if (hasWeights(control.resizer)) return 'which has no fixed resizer';
  if (!hasWeights(arm.resizer)) return undefined;
  if (control.backbone !== arm.backbone) {
    return `whose backbone is ${control.backbone}, while this arm's is ${arm.backbone}; a pair differs in its resizer alone`;
  }
  if (!isDeepStrictEqual(control.target, arm.target))
    return 'which has another `target`; a pair differs in its resizer alone';
  return undefined;
}

/** The size that a backbone sees in an arm, if that is another than the config's. */
export function ownTarget(
  { target }: Pick<ArmConfig, 'target'>,
  { name }: BackboneConfig,
): number | undefined {
  return typeof target === 'object' ? target[name] : target;
}

/** Refuses arms that give some of the backbones a size of their own, but not all. */
export function checkTargets(
  { arms, backbones }: { arms: { list: Record<string, ArmConfig> }; backbones: BackboneConfig[] },
  context: z.RefinementCtx,
): void {
  for (const [own, arm] of Object.entries(arms.list)) {
    const missing = backbones.find((backbone) => arm.target !== undefined && !ownTarget(arm, backbone));
    if (!missing) continue;
    const path = ['arms', 'list', own, 'target'];
    context.addIssue({ code: 'custom', path, message: `names no size for ${missing.name}, a backbone here` });
  }
}

/** The section `baseline`: the backbone with a fixed resizer, from which every arm starts. */
export const baseline = z.strictObject({ resizer: fixedResizer, duration, rate });

/** The section `arms`. */
export const arms = z.strictObject({ duration, rate, list: z.record(name, arm).superRefine(checkArms) });
