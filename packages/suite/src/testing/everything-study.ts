import { z } from 'zod';
import { defineStudy, duration, wallClock } from '../index.ts';
import { noop } from './noop-study.ts';

const arm = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fixed'), method: z.enum(['nearest', 'bilinear', 'bicubic']) }),
  z.strictObject({ kind: z.literal('learned'), filters: z.int().min(1).multipleOf(8).default(16) }),
]);

/** A config that has one of every kind of thing that a config can say wrongly. */
export const everything = defineStudy({
  ...noop,
  name: 'everything',
  config: z
    .strictObject({
      train: z.strictObject({
        epochs: duration,
        rate: z.number().positive().max(1),
        smooth: z.boolean().default(true),
        limit: wallClock.optional(),
      }),
      arms: z.array(arm).min(1),
      sizes: z.union([z.int().min(8), z.tuple([z.int(), z.int()])]).optional(),
      head: z.union([z.strictObject({ bins: z.int() }), z.strictObject({ classes: z.int() })]).optional(),
      weights: z.record(z.string().regex(/^[a-z]+$/), z.number()).optional(),
      input: z.int().default(224),
      target: z.int().default(64),
    })
    .refine(({ input, target }) => input >= target, {
      path: ['target'],
      error: 'is above the input size; enlarging is not studied',
    }),
  photos: () => ({ kind: 'labels', path: 'none', file: 'none' }),
  datasets: () => Promise.resolve({}),
  cells: () => [],
});

/** A config of it without problems. */
export const GOOD = `study: everything
suite: mini
title: A table
seeds: [1, 2]
train:
  epochs: 4 epochs
  rate: 0.05
arms:
  - kind: fixed
    method: bilinear
`;
