import { interpolations } from '@resizer-lab/engine/interpolation';
import type { ResizerSpec } from '@resizer-lab/resizer';
import { z } from 'zod';

const interpolation = z.enum(interpolations);

export const fixedResizer = z.strictObject({ kind: z.literal('fixed'), method: interpolation });

const muller = z.strictObject({
  kind: z.literal('muller'),
  layers: z.int().min(1).max(8).default(2),
  base: interpolation.default('bilinear'),
});

const filters = z.int().min(1).max(512);
const blocks = z.int().min(0).max(64);

const learned = z.strictObject({
  kind: z.literal('learned'),
  filters: filters.default(16),
  blocks: blocks.default(1),
  base: interpolation.default('bilinear'),
  start: z.enum(['random', 'identity']).default('random'),
  frozen: z.boolean().default(false),
});

/** What stands in front of a backbone. */
export const resizer = z.discriminatedUnion('kind', [
  fixedResizer,
  muller,
  learned,
]) satisfies z.ZodType<ResizerSpec>;

export type ResizerConfig = z.infer<typeof resizer>;

const oneOrMore = <Schema extends z.ZodType>(schema: Schema) =>
  z.union([schema, z.array(schema).min(1).max(16)]);

/** The same as an arm of a config names it: a learned one with lists stands for one arm each. */
export const resizerGrid = z.discriminatedUnion('kind', [
  fixedResizer,
  muller,
  learned.extend({
    filters: oneOrMore(filters).default(16).describe('n of the paper; each of a list is an arm'),
    blocks: oneOrMore(blocks).default(1).describe('r of the paper; each of a list is an arm'),
  }),
]);

export type ResizerGrid = z.infer<typeof resizerGrid>;

/** The resizers that a grid stands for, with what tells them apart: `-n16-r1`, or nothing for one alone. */
export function resizersOf(grid: ResizerGrid): { suffix: string; resizer: ResizerConfig }[] {
  if (grid.kind !== 'learned') return [{ suffix: '', resizer: grid }];
  const suffixOf = (letter: string, given: number | number[], value: number) =>
    Array.isArray(given) ? `-${letter}${value}` : '';
  return [grid.filters].flat().flatMap((filters) =>
    [grid.blocks].flat().map((blocks) => ({
      suffix: suffixOf('n', grid.filters, filters) + suffixOf('r', grid.blocks, blocks),
      resizer: { ...grid, filters, blocks },
    })),
  );
}

/** Whether a resizer has weights, so that its numbers mean nothing without a paired control. */
export const hasWeights = ({ kind }: Pick<ResizerGrid, 'kind'>) => kind !== 'fixed';

/** A resizer in a word or a few: `bilinear`, `learned n=16 r=1`. */
export function resizerText(resizer: ResizerConfig): string {
  const base = 'base' in resizer && resizer.base !== 'bilinear' ? [resizer.base] : [];
  switch (resizer.kind) {
    case 'fixed':
      return resizer.method;
    case 'muller':
      return ['MULLER', `layers=${resizer.layers}`, ...base].join(' ');
    case 'learned': {
      const { filters, blocks, start, frozen } = resizer;
      const extras = [...(start === 'identity' ? ['from identity'] : []), ...(frozen ? ['frozen'] : [])];
      return ['learned', `n=${filters}`, `r=${blocks}`, ...base, ...extras].join(' ');
    }
  }
}
