import { isAbsolute } from 'node:path';
import { z } from 'zod';

/** Side of a photo. */
export const pixels = z.int().min(1).max(4096);

export const share = z.number().min(0).max(1);

/** How many photos. */
export const count = z.int().min(1).max(10_000_000);

/** A learning rate. */
export const rate = z.number().positive().max(10);

/** A path below the folder of the data sets or of the weights. */
export const relativePath = z
  .string()
  .min(1)
  .max(1000)
  .refine((path) => !isAbsolute(path) && !path.split('/').includes('..'), {
    error: ({ input }) => `is ${JSON.stringify(input)}; must be a path below its folder, without ".."`,
  });

/** The name of an arm: part of a cell's id. */
export const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/, {
  error: ({ input }) => `is ${JSON.stringify(input)}; must be lower-case letters, digits and -`,
});
