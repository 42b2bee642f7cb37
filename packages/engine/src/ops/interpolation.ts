/*
 * Apart from the ops, so that a config can be checked without loading TensorFlow.
 */

/** How pixels are blended. All take half-pixel centres: output pixel i looks at (i + ½) · in / out − ½. */
export const interpolations = ['bilinear', 'bicubic', 'bilinear-antialias'] as const;

export type Interpolation = (typeof interpolations)[number];
