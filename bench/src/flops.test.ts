import {
  compile,
  conv2d,
  depthwiseConv2d,
  float32,
  globalAveragePool,
  matMul,
  type Tensor2D,
  type Tensor4D,
  tf,
  valueAndGradients,
} from '@resizer-lab/engine';
import { expect, it } from 'vitest';
import { countMultiplyAdds } from './flops.ts';

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
