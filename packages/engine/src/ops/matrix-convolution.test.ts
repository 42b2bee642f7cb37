import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Tensor4D, tf } from '../index.ts';
import { patchConv2d, pointwiseConv2d } from './matrix-convolution.ts';

/** Numbers that differ from place to place. */
const filled = (shape: [number, number, number, number]): Tensor4D =>
  tf.tensor4d(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1 + i * i)),
    shape,
  );

function expectSame(ours: Tensor4D, theirs: Tensor4D): void {
  expect(ours.shape).toEqual(theirs.shape);
  expect((tf.max(tf.abs(tf.sub(ours, theirs))).dataSync() as Float32Array)[0]).toBeLessThan(1e-4);
}

const side = fc.integer({ min: 3, max: 40 });
const channels = fc.integer({ min: 1, max: 5 });

it('a convolution by patches is the convolution, at any size, kernel, stride and padding', () => {
  const few = fc.integer({ min: 0, max: 2 });
  fc.assert(
    fc.property(
      fc.tuple(
        side,
        side,
        channels,
        channels,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
      ),
      fc.tuple(few, few, few, few),
      ([height, width, inputs, outputs, kernel, stride], [top, bottom, left, right]) => {
        tf.tidy(() => {
          const [x, filter] = [filled([2, height, width, inputs]), filled([kernel, kernel, inputs, outputs])];
          const padding = { top, bottom, left, right };
          const places = (total: number) => Math.floor((total - kernel) / stride) + 1;
          const size = [places(height + top + bottom), places(width + left + right)] as const;
          const padded = tf.pad(x, [
            [0, 0],
            [top, bottom],
            [left, right],
            [0, 0],
          ]);
          expectSame(
            patchConv2d(x, filter, { stride, padding, size }),
            tf.conv2d(padded, filter, stride, 'valid'),
          );
        });
      },
    ),
    { numRuns: 60 },
  );
});

it('a 1×1 convolution by a product is the convolution, with few pixels and with many', () => {
  fc.assert(
    fc.property(
      fc.tuple(side, side, channels, channels, fc.integer({ min: 1, max: 3 })),
      ([height, width, inputs, outputs, stride]) => {
        tf.tidy(() => {
          const [x, filter] = [filled([1, height, width, inputs]), filled([1, 1, inputs, outputs])];
          expectSame(pointwiseConv2d(x, filter, { stride }), tf.conv2d(x, filter, stride, 'same'));
        });
      },
    ),
    { numRuns: 60 },
  );
});
