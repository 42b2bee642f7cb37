import { expect, it } from 'vitest';
import {
  compile,
  conv2d,
  countMultiplyAdds,
  depthwiseConv2d,
  dryRun,
  float32,
  globalAveragePool,
  matMul,
  relu,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tf,
  valueAndGradients,
} from '../index.ts';

/** Multiply-adds of a function of stand-ins of these shapes. */
function cost(shapes: readonly (readonly number[])[], f: (...xs: never[]) => Tensor): number {
  return dryRun((standIn, graph) => {
    f(...(shapes.map((shape) => standIn(float32(...shape))) as never[]));
    return countMultiplyAdds(graph);
  });
}

const convolutions = [
  // h′ · w′ · filters · kh · kw · in, for each of two images.
  ['same', {}, 2 * (9 * 8) * 5 * (3 * 3 * 4)],
  ['same, stride 2', { stride: 2 }, 2 * (5 * 4) * 5 * (3 * 3 * 4)],
  ['valid', { padding: 'valid' }, 2 * (7 * 6) * 5 * (3 * 3 * 4)],
  [
    'explicit',
    { stride: 2, padding: { top: 1, bottom: 1, left: 0, right: 2 } },
    2 * (5 * 4) * 5 * (3 * 3 * 4),
  ],
] as const;

it.each(convolutions)('counts a convolution, %s', (_, options, expected) => {
  const f = (x: Tensor4D, filter: Tensor4D) => relu(conv2d(x, filter, options));
  expect(
    cost(
      [
        [2, 9, 8, 4],
        [3, 3, 4, 5],
      ],
      f,
    ),
  ).toBe(expected);
});

it('counts a depthwise convolution by its own kernels', () => {
  const f = (x: Tensor4D, filter: Tensor4D) => depthwiseConv2d(x, filter);
  expect(
    cost(
      [
        [1, 9, 8, 4],
        [3, 3, 4, 2],
      ],
      f,
    ),
  ).toBe(9 * 8 * (4 * 2) * (3 * 3));
});

it('counts a matrix product', () => {
  expect(
    cost(
      [
        [3, 7],
        [7, 5],
      ],
      (a: Tensor2D, b: Tensor2D) => matMul(a, b),
    ),
  ).toBe(3 * 7 * 5);
});

it('counts each convolution and product, forward and backward', () => {
  const shapes = new Map([
    ['conv', [3, 3, 2, 4]],
    ['depthwise', [3, 3, 4, 1]],
    ['dense', [4, 5]],
  ]);
  const program = compile(shapes, {
    step: {
      inputs: { x: float32(2, 8, 8, 2) },
      body({ x }, variables) {
        const weights = [...shapes.keys()].map((name) => variables.read(name));
        const [conv, depthwise, dense] = weights as [Tensor4D, Tensor4D, Tensor2D];
        const { value, gradients } = valueAndGradients(() => {
          const y = depthwiseConv2d(conv2d(x as Tensor4D, conv), depthwise, { stride: 2 });
          return tf.sum(matMul(globalAveragePool(y), dense));
        }, weights);
        return { value, ...Object.fromEntries(gradients.map((gradient, i) => [`gradient${i}`, gradient!])) };
      },
    },
  });
  const conv = 3 * 3 * 2 * 4 * (2 * 8 * 8);
  const depthwise = 3 * 3 * 4 * (2 * 4 * 4);
  const dense = 2 * 4 * 5;
  // The images need no gradient, so that the first convolution has one backward half only.
  expect(countMultiplyAdds(program.graph)).toBe(2 * conv + 3 * depthwise + 3 * dense);
  program.dispose();
});
