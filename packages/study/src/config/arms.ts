import { duration } from '@resizer-lab/suite';
import { z } from 'zod';
import { fixedResizer, resizer } from './resizers.ts';
import { name, rate } from './values.ts';

export const expectation = z.enum(['better', 'tie']);

/** An arm: a resizer, and the arm that it is paired with. */
export const arm = z.strictObject({
  resizer,
  control: name.optional().describe('The arm with a fixed resizer that this one is paired with'),
  expect: expectation
    .optional()
    .describe('What a control experiment must show against its paired arm; printed with the table'),
});

/**
 * Refuses arms whose numbers would mean nothing: a learned resizer without its paired control, a
 * control that is not there or has no fixed resizer.
 */
function checkArms(arms: Record<string, z.infer<typeof arm>>, context: z.RefinementCtx): void {
  for (const [own, { resizer, control, expect }] of Object.entries(arms)) {
    const refuse = (key: string[], message: string) =>
      context.addIssue({ code: 'custom', path: [own, ...key], message });
    const known = control === undefined ? undefined : arms[control];
    if (control === undefined && resizer.kind === 'learned') {
      refuse(
        [],
        'has a learned resizer but no paired control; add `control:` with the name of an arm with a fixed resizer',
      );
    }
    if (control === undefined && expect) refuse(['expect'], 'needs a `control` to compare with');
    if (control !== undefined && !known) {
      refuse(['control'], `is "${control}", which is no arm here; arms: ${Object.keys(arms).join(', ')}`);
    }
    if (control === own) refuse(['control'], `is "${own}", the arm itself`);
    else if (known?.resizer.kind === 'learned')
      refuse(['control'], `is "${control}", which has no fixed resizer`);
  }
}

/** The section `baseline`: the backbone with a fixed resizer, from which every arm starts. */
export const baseline = z.strictObject({ resizer: fixedResizer, duration, rate });

/** The section `arms`. */
export const arms = z.strictObject({ duration, rate, list: z.record(name, arm).superRefine(checkArms) });
