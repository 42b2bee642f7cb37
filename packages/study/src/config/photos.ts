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
  z
    .strictObject({
      fit: z.literal('center-crop'),
      shortSide: pixels.optional().describe('Length of the short side before the centre is cut out'),
      crop: z
        .number()
        .gt(0)
        .max(1)
        .optional()
        .describe('The same for any input size: the share of the short side that is cut out, such as 0.875'),
      interpolation: z.enum(['bilinear', 'bicubic']).default('bilinear'),
      flip: z.boolean().default(false),
    })
    .refine(({ shortSide, crop }) => (shortSide === undefined) !== (crop === undefined), {
      error: 'needs either `shortSide` or `crop`',
    }),
  z.strictObject({
    fit: z.literal('random-resized-crop'),
    scale: z.tuple([share, share]),
    ratio: z.tuple([z.number().positive(), z.number().positive()]),
    flip: z.boolean().default(false),
  }),
]);

export type FitConfig = z.infer<typeof fit>;

/** A fit as the loader takes it, for photos of an input size. */
export function transformOf(fit: FitConfig, input: number): Transform {
  if (fit.fit !== 'center-crop') return fit;
  const { crop = 1, shortSide = Math.round(input / crop), ...rest } = fit;
  return { ...rest, shortSide };
}
