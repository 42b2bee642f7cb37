import {
  checkSyntheticSizes,
  count,
  folderData,
  pairedSections,
  protocol,
  resolvedProtocol,
  trainedCell,
} from '@resizer-lab/study';
import { z } from 'zod';

const data = z.discriminatedUnion('kind', [
  folderData,
  z
    .strictObject({
      kind: z.literal('synthetic'),
      version: z.enum(['positive', 'negative']),
      train: count,
      test: count,
      classes: z.int().min(2).max(4),
      seed: z.int().min(0).default(0),
    })
    .describe('Pictures made in memory, of the input and target sizes'),
]);

const labelSmoothing = z.number().min(0).max(0.99);

const training = protocol.extend({ labelSmoothing: labelSmoothing.default(0.1) });

/** The study's sections of a config. */
export const configSchema = pairedSections({ data, training }).superRefine(checkSyntheticSizes);

export type Config = z.infer<typeof configSchema>;

/** A cell's config: nothing that bears on its result is left out. */
export const cellSchema = trainedCell(resolvedProtocol.extend({ labelSmoothing }));

export type CellConfig = z.infer<typeof cellSchema>;
