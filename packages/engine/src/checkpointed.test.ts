import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  batchNorm,
  checkpointed,
  compile,
  conv2d,
  float32,
  type FunctionSpec,
  relu,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  tf,
  valueAndGradients,
} from './index.ts';

/** The same code without checkpointing. */
const plainly: typeof checkpointed = (inputs, block) => block(inputs, 'forward').y;

describe('a checkpointed block', () => {
  it('has the value and the gradients of the block, for inputs and weights, also used elsewhere', () => {
    const [x, a, b] = [
      [1, -2, 3],
      [2, 3, -1],
      [0.5, 4, 2],
    ].map((values) => tf.tensor1d(values));
    const weight = tf.tensor1d([3, 1, 2]);
    const network = (block: typeof checkpointed) => () => {
      let y: Tensor = tf.square(x!);
      for (const other of [a!, b!]) {
        y = block([y, other], ([u, v]) => ({
          y: tf.mul(tf.mul(u!, tf.sigmoid(v!)), weight),
          weights: [weight],
        }));
      }
      return tf.sum(tf.mul(tf.add(y, x!), weight));
    };
    const results = [checkpointed, plainly].map((block) =>
      tf.tidy(() => {
        const { value, gradients } = valueAndGradients(network(block), [x!, a!, b!, weight]);
        return [value, ...gradients].map((tensor) => [...tensor!.dataSync()]);
      }),
    );
    expect(results[0]).toEqual(results[1]);
    // (x² · σ(a) · w · σ(b) · w + x) · w, differentiated by hand.
    const sigma = (t: number) => 1 / (1 + Math.exp(-t));
    const slope = 2 * 1 * sigma(2) * sigma(0.5) * 27 + 3;
    expect(results[0]![1]![0]! / slope).toBeCloseTo(1, 6);
  });

  it('leaves the tape of the backward pass as it was, and no tensor behind', () => {
    const x = tf.tensor1d([1, 2]);
    const before = tf.memory().numTensors;
    const twice = () => {
      const y = checkpointed([tf.exp(x)], ([u]) => ({ y: tf.square(u!), weights: [] }));
      return tf.sum(y);
    };
    const { value, gradients } = valueAndGradients(twice, [x]);
    expect(gradients[0]!.dataSync()[0]! / (2 * Math.exp(2))).toBeCloseTo(1, 6);
    tf.dispose([value, gradients[0]!]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives no gradient where none flows', () => {
    const [x, idle] = [tf.tensor1d([1]), tf.tensor1d([1])];
    const { gradients } = valueAndGradients(
      () => tf.sum(checkpointed([x, idle], ([u]) => ({ y: tf.square(u!), weights: [] }))),
      [x, idle],
    );
    expect(gradients.map((gradient) => gradient!.dataSync()[0])).toEqual([2, 0]);
  });
});

const BLOCKS = 8;
const SHAPE = [1, 256, 256, 32] as const;

/** Blocks of convolution, batch norm and ReLU, and one step of the convolutions' kernels. */
const chain = (block: typeof checkpointed): FunctionSpec => ({
  inputs: { x: float32(...SHAPE) },
  body({ x }, variables) {
    const kernels = Array.from({ length: BLOCKS }, (_, i) => variables.read(`kernel${i}`) as Tensor4D);
    const { value: loss, gradients } = valueAndGradients(() => {
      const last = kernels.reduce<Tensor4D>(
        (y, kernel, i) =>
          block([y], ([input], pass) => ({
            y: layers(
              input as Tensor4D,
              kernel,
              pass === 'forward' ? variables.assign.bind(variables, `mean${i}`) : undefined,
            ),
            weights: [kernel],
          })),
        x as Tensor4D,
      );
      return tf.mean(tf.square(last));
    }, kernels);
    gradients.forEach((gradient, i) => variables.assign(`kernel${i}`, tf.sub(kernels[i]!, gradient!)));
    return { loss };
  },
});

function layers(x: Tensor4D, kernel: Tensor4D, update: ((mean: Tensor) => void) | undefined): Tensor4D {
  const vector = (value: number): Tensor1D => tf.fill([SHAPE[3]], value);
  let y = x;
  for (let i = 0; i < 3; i++) {
    const normalised = batchNorm(
      {
        x: conv2d(y, kernel),
        gamma: vector(1),
        beta: vector(0),
        movingMean: vector(0),
        movingVariance: vector(1),
      },
      { training: true, epsilon: 1e-3, momentum: 0.9 },
    );
    if (i === 0) update?.(normalised.movingMean);
    y = relu(normalised.y);
  }
  return tf.add(x, y);
}

const shapes = new Map<string, readonly number[]>(
  Array.from({ length: BLOCKS }, (_, i) => [
    [`kernel${i}`, [1, 1, SHAPE[3], SHAPE[3]]] as const,
    [`mean${i}`, [SHAPE[3]]] as const,
  ]).flat(),
);

/** One step: what it computed, and the most memory that the process has held so far, in MB. */
function stepOf(block: typeof checkpointed) {
  const program = compile(shapes, { step: chain(block) });
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  program.assign(
    new Map(
      [...shapes].map(([name, shape]) => [
        name,
        Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(i)),
      ]),
    ),
  );
  const x = Float32Array.from({ length: size(SHAPE) }, (_, i) => Math.cos(i));
  const { loss } = program.run('step', { x });
  const peak = memory('VmHWM');
  const updated = program.read();
  const ops = program.graph.map(({ op }) => op);
  program.dispose();
  return { peak, loss: loss!, updated, ops };
}

const memory = (field: string) =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;

it('in a compiled program needs less memory and gives the same bits; updates are made once', () => {
  const base = memory('VmHWM');
  // In this order, for the peak never falls.
  const [checked, plain] = [stepOf(checkpointed), stepOf(plainly)];
  expect(checked.loss).toEqual(plain.loss);
  expect(checked.updated).toEqual(plain.updated);
  const count = (ops: string[], op: string) => ops.filter((other) => other === op).length;
  expect(count(checked.ops, 'FusedBatchNormV3')).toBe(2 * count(plain.ops, 'FusedBatchNormV3'));
  expect(count(checked.ops, 'AssignVariableOp')).toBe(count(plain.ops, 'AssignVariableOp'));
  // 8 MB a tensor. Of each block are kept its input, three convolutions and three rectifiers, or the input alone.
  // TensorFlow would merge both runs of a block if they were alike to it, and nothing would be saved.
  expect(checked.peak - base).toBeLessThan(0.6 * (plain.peak - base));
});
