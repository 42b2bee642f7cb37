/*
 * Apart from the ops, so that a config can be checked without loading TensorFlow.
 */

/** How pixels are blended. All take half-pixel centres: output pixel i looks at (i + ½) · in / out − ½. */
export const interpolations = [
  'nearest',
  'bilinear',
  'bilinear-antialias',
  'bicubic',
  'bicubic-antialias',
  'lanczos3',
  'area',
] as const;

export type Interpolation = (typeof interpolations)[number];
