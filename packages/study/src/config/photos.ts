import type { Transform } from '@resizer-lab/datasets';
import { z } from 'zod';
import { count, pixels, relativePath, share } from './values.ts';

/** Photos in class folders. */
export const folderData = z
  .strictObject({
    kind: z.literal('folder'),
    path: relativePath,
    train: relativePath.default('train'),
    test: relativePath.default('val'),
    limit: z.strictObject({ train: count.optional(), test: count.optional() }).optional(),
  })
  .describe('Photos in folders: <path>/<split>/<class>/<photo>, below the data root');

/** How a photo is brought to the input size. */
export const fit = z.discriminatedUnion('fit', [
  z.strictObject({ fit: z.literal('stretch'), flip: z.boolean().default(false) }),
  z.strictObject({ fit: z.literal('pad'), flip: z.boolean().default(false) }),
  z.strictObject({
    fit: z.literal('center-crop'),
    shortSide: pixels,
    interpolation: z.enum(['bilinear', 'bicubic']).default('bilinear'),
    flip: z.boolean().default(false),
  }),
  z.strictObject({
    fit: z.literal('random-resized-crop'),
    scale: z.tuple([share, share]),
    ratio: z.tuple([z.number().positive(), z.number().positive()]),
    flip: z.boolean().default(false),
  }),
]) satisfies z.ZodType<Transform>;
