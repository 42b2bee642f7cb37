import { interpolations } from '@resizer-lab/engine/interpolation';
import { z } from 'zod';

export const fixedResizer = z.strictObject({ kind: z.literal('fixed'), method: z.enum(interpolations) });

/** What stands in front of a backbone. */
export const resizer = z.discriminatedUnion('kind', [
  fixedResizer,
  z.strictObject({
    kind: z.literal('learned'),
    filters: z.int().min(1).max(512).default(16),
    blocks: z.int().min(0).max(64).default(1),
    base: z.enum(interpolations).default('bilinear'),
    start: z.enum(['random', 'identity']).default('random'),
    frozen: z.boolean().default(false),
  }),
]);

export type ResizerConfig = z.infer<typeof resizer>;

/** A resizer in a word or a few: `bilinear`, `learned n=16 r=1`. */
export function resizerText(resizer: ResizerConfig): string {
  if (resizer.kind === 'fixed') return resizer.method;
  const { filters, blocks, base, start, frozen } = resizer;
  const extras = [
    base === 'bilinear' ? [] : [base],
    start === 'identity' ? ['from identity'] : [],
    frozen ? ['frozen'] : [],
  ];
  return ['learned', `n=${filters}`, `r=${blocks}`, ...extras.flat()].join(' ');
}
