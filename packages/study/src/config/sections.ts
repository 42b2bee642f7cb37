import { z } from 'zod';
import { arms, baseline, checkTargets } from './arms.ts';
import { backbones } from './backbones.ts';
import { pixels } from './values.ts';

/**
 * The sections of a study that pairs arms: for each backbone and input size a baseline with a fixed
 * resizer, and arms from its checkpoint. `data` and `training` are the study's own.
 */
export const pairedSections = <Data extends z.ZodType, Training extends z.ZodType>({
  data,
  training,
}: {
  data: Data;
  training: Training;
}) =>
  z
    .object({
      data,
      input: z
        .union([pixels, z.array(pixels).min(1).max(64)])
        .describe('Height and width of the photos before the resizer; each of a list in turn'),
      target: pixels.describe('Height and width that the backbone sees'),
      backbones,
      training,
      baseline,
      arms,
    })
    .superRefine((config, context) => checkTargets(config, context));

/** What those sections hold. */
export type PairedConfig<Training> = Omit<z.infer<ReturnType<typeof pairedSections>>, 'data' | 'training'> & {
  training: Training;
};

/**
 * Refuses sizes at which synthetic pictures do not carry their class as they must: it lies where
 * resizing by a whole factor of 3 or more treats it alike.
 */
export function checkSyntheticSizes(
  { data, input, target }: { data: { kind: string }; input: number | number[]; target: number },
  context: z.RefinementCtx,
): void {
  const wrong = [input].flat().find((size) => size % target !== 0 || size < 3 * target);
  if (data.kind !== 'synthetic' || wrong === undefined) return;
  context.addIssue({
    code: 'custom',
    path: ['input'],
    message: `is ${wrong}; must be 3, 4, … times the target of ${target} for synthetic pictures, such as ${4 * target}`,
  });
}
