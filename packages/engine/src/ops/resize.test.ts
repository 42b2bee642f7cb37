import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compile,
  float32,
  freeze,
  gradientError,
  type Interpolation,
  interpolations,
  resize,
  type Size,
  type Tensor,
  type Tensor4D,
  tf,
  valueAndGradients,
} from '../index.ts';

/** See fixtures/make_resize.py. */
interface Golden {
  method: Interpolation;
  shape: [number, number, number, number];
  size: [number, number];
  y: number[];
}

const goldens = JSON.parse(
  readFileSync(join(import.meta.dirname, 'fixtures/resize.json'), 'utf8'),
) as Golden[];

const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

const imageOf = (shape: readonly number[]) =>
  Float32Array.from({ length: product(shape) }, (_, i) => ((37 * i + 11) % 101) / 50 - 1);

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
};

/** The gradient of the sum of dy · resize(x). */
function gradientOf(x: Tensor4D, dy: Tensor, method: Interpolation): Tensor {
  const size = dy.shape.slice(1, 3) as unknown as Size;
  return valueAndGradients(() => tf.sum(tf.mul(resize(x, size, method), dy)), [x]).gradients[0]!;
}

describe('resize', () => {
  it.each(
    goldens.map((golden) => ({ ...golden, title: `${golden.shape.join('×')} to ${golden.size.join('×')}` })),
  )('$method, $title, as Pillow or TensorFlow', ({ method, shape, size, y }) => {
    const resized = resize(tf.tensor4d(imageOf(shape), shape), size, method);
    expect(largestDifference(resized.dataSync(), y)).toBeLessThan(2e-6);
  });

  const side = fc.integer({ min: 1, max: 19 });
  const sizes = { from: fc.tuple(side, side), to: fc.tuple(side, side), channels: fc.constantFrom(1, 3) };

  // The operators are linear: the gradient is right where it is the transpose, ⟨resize(x), dy⟩ = ⟨x, gradient(dy)⟩.
  it.each(interpolations)('%s has the right gradient for any size', (method) => {
    const holds = fc.property(fc.record(sizes), ({ from, to, channels }) => {
      const [forward, back, scale] = tf.tidy(() => {
        const x: Tensor4D = tf.randomNormal([2, ...from, channels], 0, 1, 'float32', 1);
        const dy = tf.randomNormal([2, ...to, channels], 0, 1, 'float32', 2);
        const dot = (a: Tensor, b: Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0]!;
        const gradient = gradientOf(x, dy, method);
        expect(gradient.shape).toEqual(x.shape);
        return [dot(resize(x, to, method), dy), dot(x, gradient), Math.sqrt(x.size * dy.size)];
      });
      expect(Math.abs(forward - back) / scale).toBeLessThan(1e-5);
    });
    fc.assert(holds, { numRuns: 40 });
  });

  it('bilinear to half the size is what TensorFlow makes of it, with the right gradient', () => {
    const holds = fc.property(side, side, (height, width) => {
      tf.tidy(() => {
        const x: Tensor4D = tf.randomNormal([2, 2 * height, 2 * width, 3], 0, 1, 'float32', 1);
        const dy = tf.randomNormal([2, height, width, 3], 0, 1, 'float32', 2);
        const y = resize(x, [height, width]);
        const native = tf.image.resizeBilinear(x, [height, width], false, true);
        expect(largestDifference(y.dataSync(), native.dataSync())).toBeLessThan(1e-6);
        const dot = (a: Tensor, b: Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0]!;
        const difference = dot(y, dy) - dot(x, gradientOf(x, dy, 'bilinear'));
        expect(Math.abs(difference) / Math.sqrt(x.size * dy.size)).toBeLessThan(1e-5);
      });
    });
    fc.assert(holds, { numRuns: 40 });
  });

  it.each(interpolations)('%s keeps an even image even', (method) => {
    const holds = fc.property(fc.record(sizes), ({ from, to, channels }) => {
      const y = tf.tidy(() => resize(tf.fill([1, ...from, channels], 0.7), to, method).dataSync());
      expect(y.length).toBe(to[0] * to[1] * channels);
      expect(Math.max(...y.map((value) => Math.abs(value - 0.7)))).toBeLessThan(2e-6);
    });
    fc.assert(holds, { numRuns: 25 });
  });

  it.each(interpolations)('%s has the gradient of finite differences when shrinking far', (method) => {
    const f = ({ x }: Record<string, Tensor>) => resize(x as Tensor4D, [2, 3], method);
    expect(gradientError({ name: method, inputs: { x: [1, 9, 10, 1] }, f })).toBeLessThan(2e-3);
  });

  it.each<[string, Size]>([
    ['by a whole factor', [5, 4]],
    ['by a fraction', [7, 3]],
    ['up', [17, 9]],
  ])('does the same in a compiled program, %s', (_, size) => {
    const shape = [2, 10, 8, 3];
    const dyShape = [2, ...size, 3];
    const each = (x: Tensor, dy: Tensor) =>
      interpolations.flatMap((method) => [
        [method, resize(x as Tensor4D, size, method)] as const,
        [`${method}, gradient`, gradientOf(x as Tensor4D, dy, method)] as const,
      ]);
    const program = compile(new Map(), {
      f: {
        inputs: { x: float32(...shape), dy: float32(...dyShape) },
        body: ({ x, dy }) => Object.fromEntries(each(x!, dy!)),
      },
    });
    const [x, dy] = [imageOf(shape), imageOf(dyShape)];
    const results = program.run('f', { x, dy });
    program.dispose();
    for (const [name, eager] of each(tf.tensor(x, shape), tf.tensor(dy, dyShape))) {
      expect(largestDifference(results[name] as Float32Array, eager.dataSync()), name).toBeLessThan(1e-6);
    }
  });

  // One gather an axis, not one a source pixel: 3001 source rows would make a graph of thousands of nodes.
  it('takes a graph of the same size for any factor of area', () => {
    const count = (from: number) =>
      freeze(
        {
          inputs: { x: float32(1, from, 7, 1) },
          body: ({ x }) => ({ y: resize(x as Tensor4D, [2, 2], 'area') }),
        },
        new Map(),
      ).nodes.length;
    expect(count(3001)).toBe(count(5));
  });
});
