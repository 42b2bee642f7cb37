import { availableParallelism } from 'node:os';
import { compile, engineInfo, matMul, type Tensor2D, tf } from '@resizer-lab/engine';
import { serve } from './src/serve.ts';

/** Products of square matrices, large enough that the arithmetic is all that counts. */
const SIZE = 2048;

const program = compile(
  new Map([
    ['a', [SIZE, SIZE]],
    ['b', [SIZE, SIZE]],
  ]),
  {
    multiply: {
      inputs: {},
      body: (_, variables) => ({
        mean: tf.mean(matMul(variables.read('a') as Tensor2D, variables.read('b') as Tensor2D)),
      }),
    },
  },
);
const values = Float32Array.from({ length: SIZE * SIZE }, (_, i) => ((i * 7919) % 1009) / 1009);
program.assign(
  new Map([
    ['a', values],
    ['b', values],
  ]),
);

await serve({
  step: () => program.run('multiply', {})['mean']![0]!,
  describe: () => ({
    versions: { tensorflow: engineInfo.tensorflow },
    threads: availableParallelism(),
    multiplyAdds: SIZE ** 3,
    trainable: 0,
    stepFlops: 2 * SIZE ** 3,
  }),
});
