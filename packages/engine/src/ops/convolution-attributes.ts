import { attribute, type OpAttribute, T } from '../native.ts';
import type { Padding } from './spatial.ts';

export interface WindowOptions {
  /** Of rows and columns, or of both. */
  stride: number | readonly [rows: number, columns: number];
  padding: 'same' | 'valid' | Padding;
}

/** Attributes of TensorFlow's convolutions and their gradients. */
export function convolutionAttributes({ stride, padding }: WindowOptions): OpAttribute[] {
  const explicit = typeof padding === 'object';
  const strides = typeof stride === 'number' ? [stride, stride] : stride;
  const attributes = [
    T,
    attribute.ints('strides', [1, ...strides, 1]),
    attribute.ints('dilations', [1, 1, 1, 1]),
    attribute.string('data_format', 'NHWC'),
    attribute.string('padding', explicit ? 'EXPLICIT' : padding.toUpperCase()),
  ];
  if (explicit) {
    const { top, bottom, left, right } = padding;
    attributes.push(attribute.ints('explicit_paddings', [0, 0, top, bottom, left, right, 0, 0]));
  }
  return attributes;
}
