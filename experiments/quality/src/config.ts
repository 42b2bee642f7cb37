import {
  checkSyntheticSizes,
  count,
  pairedSections,
  protocol,
  relativePath,
  resolvedProtocol,
  trainedCell,
} from '@resizer-lab/study';
import { z } from 'zod';

const seed = z.int().min(0).default(0);

/** A part of the photos drawn for the test. */
const drawn = { testShare: z.number().gt(0).lt(1), seed };

const limit = z
  .strictObject({ train: count.optional(), test: count.optional(), seed })
  .optional()
  .describe('At most so many photos of each split, drawn by the seed');

const column = z.string().min(1).max(200);

const scoreTables = z
  .strictObject({
    kind: z.literal('scores'),
    path: relativePath,
    photos: relativePath.optional().describe('Folder of the photos, below `path`'),
    tables: z
      .union([
        z.strictObject({ train: relativePath, test: relativePath }),
        z.strictObject({ file: relativePath, ...drawn }),
      ])
      .describe('CSV files below `path`: one for each split, or one whose photos are parted by a draw'),
    photo: column.describe('The column of the photos’ names'),
    score: z
      .union([
        z.strictObject({
          column,
          scale: z
            .tuple([z.number(), z.number()])
            .refine(([low, high]) => low < high, { error: 'must rise, such as [0, 1]' })
            .describe('Lowest and highest score, which become 1 and 10'),
        }),
        z.strictObject({ votes: z.array(column).min(2).max(10) }),
      ])
      .describe('The column of the mean score, or those of the votes from the lowest score to the highest'),
    limit,
  })
  .describe('Photos and CSV files of their scores, below the data root');

const ava = z
  .strictObject({
    kind: z.literal('ava'),
    path: relativePath.default('ava'),
    test: z
      .union([relativePath, z.strictObject(drawn)])
      .optional()
      .describe('A list of test ids below `path`, or a draw; by default the official generic test list'),
    limit,
  })
  .describe('AVA as it is handed out: AVA.txt and images/<id>.jpg');

const synthetic = z
  .strictObject({
    kind: z.literal('synthetic'),
    version: z.enum(['positive', 'negative']),
    train: count,
    test: count,
    seed,
  })
  .describe('Pictures made in memory, of the input and target sizes');

const data = z.discriminatedUnion('kind', [scoreTables, ava, synthetic]);

const emd = z.union([z.literal(1), z.literal(2)]);

const training = protocol.extend({
  emd: emd.default(2).describe('r of the earth mover’s distance between cumulative distributions, the loss'),
});

/** The study's sections of a config. */
export const configSchema = pairedSections({ data, training }).superRefine(checkSyntheticSizes);

export type Config = z.infer<typeof configSchema>;

/** A cell's config: nothing that bears on its result is left out. */
export const cellSchema = trainedCell(resolvedProtocol.extend({ emd }));

export type CellConfig = z.infer<typeof cellSchema>;
