import { backboneNames } from '@resizer-lab/backbones/names';
import { z } from 'zod';
import { relativePath } from './values.ts';

export const backboneName = z.enum(backboneNames);

/** The section `backbones`. */
export const backbones = z
  .array(
    z.strictObject({
      name: backboneName,
      weights: relativePath
        .optional()
        .describe('A safetensors file below the weights root; without it the backbone starts at random'),
    }),
  )
  .min(1);

export type BackboneConfig = z.infer<typeof backbones>[number];
