import { describe, expect, it } from 'vitest';
import {
  batchNorm,
  compile,
  conv2d,
  EagerVariables,
  float32,
  type FunctionSpec,
  int32,
  leakyRelu,
  resize,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  tf,
  toFloat,
  uint8,
  valueAndGradients,
} from '../index.ts';
import { binding } from '../tensorflow.ts';
import { reachable } from './graph.ts';

const shapes = new Map<string, readonly number[]>([
  ['kernel', [3, 3, 3, 4]],
  ['kernel/momentum', [3, 3, 3, 4]],
  ['gamma', [4]],
  ['beta', [4]],
  ['mean', [4]],
  ['variance', [4]],
]);

const startValues = () =>
  new Map(
    [...shapes].map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const value = (i: number) =>
        name === 'kernel' ? Math.sin(i) : name === 'variance' || name === 'gamma' ? 1 : 0;
      return [name, Float32Array.from({ length: size }, (_, i) => value(i))];
    }),
  );

const images = Uint8Array.from({ length: 2 * 9 * 8 * 3 }, (_, i) => (i * 37) % 256);

/** A small network with all that a training step does: loss, gradient, statistics, optimiser. */
const trainStep: FunctionSpec = {
  inputs: { images: uint8(2, 9, 8, 3), rate: float32() },
  body({ images: bytes, rate }, variables) {
    const vector = (name: string) => variables.read(name) as Tensor1D;
    const kernel = variables.read('kernel') as Tensor4D;
    const { value, gradients } = valueAndGradients(() => {
      const x = tf.div<Tensor4D>(toFloat(bytes as Tensor4D), 255);
      const { y, movingMean, movingVariance } = batchNorm(
        {
          x: resize(conv2d(x, kernel, { stride: 2 }), [4, 6]),
          gamma: vector('gamma'),
          beta: vector('beta'),
          movingMean: vector('mean'),
          movingVariance: vector('variance'),
        },
        { training: true, epsilon: 1e-3, momentum: 0.9 },
      );
      variables.assign('mean', movingMean);
      variables.assign('variance', movingVariance);
      const activated = leakyRelu(y);
      // Several uses of one tensor, so that its gradient is a sum of several terms.
      const sums = [
        activated,
        tf.mul(activated, 2),
        tf.square(activated),
        tf.mul(activated, x.slice([0, 0, 0, 0], [2, 4, 6, 1])),
      ];
      return tf.mean(sums.reduce((a, b) => tf.add(a, b)));
    }, [kernel]);
    variables.applyMomentum('kernel', 'kernel/momentum', {
      gradient: gradients[0]!,
      rate: rate!,
      momentum: 0.9,
    });
    return { loss: value };
  },
};

describe('a compiled program', () => {
  it('computes what the same code computes op by op, step after step', () => {
    const program = compile(shapes, { train: trainStep });
    program.assign(startValues());
    const eager = new EagerVariables(
      new Map([...startValues()].map(([name, data]) => [name, { shape: shapes.get(name)!, data }])),
    );
    for (let step = 0; step < 3; step++) {
      const { loss } = program.run('train', { images, rate: 0.1 });
      const expected = tf.tidy(() => {
        const inputs: Record<string, Tensor> = {
          images: tf.tensor4d(images, [2, 9, 8, 3], 'int32'),
          rate: tf.scalar(0.1),
        };
        return (trainStep.body(inputs, eager)['loss']!.dataSync() as Float32Array)[0]!;
      });
      eager.commit();
      expect(Math.abs(loss![0]! - expected)).toBeLessThan(1e-6);
      for (const [name, values] of program.read()) {
        const reference = eager.read(name).dataSync() as Float32Array;
        values.forEach((value, i) => expect(Math.abs(value - reference[i]!)).toBeLessThan(1e-5));
      }
    }
    eager.dispose();
    program.dispose();
  });

  it('shares variables between its functions, and reads and assigns them by name', () => {
    const program = compile(
      new Map([
        ['counter', []],
        ['other', [2]],
      ]),
      {
        add: {
          inputs: { amount: float32() },
          body({ amount }, variables) {
            const sum = tf.add(variables.read('counter'), amount!);
            variables.assign('counter', sum);
            return { before: variables.read('counter') };
          },
        },
        look: { inputs: {}, body: (_, variables) => ({ now: variables.read('counter') }) },
      },
    );
    program.assign(
      new Map([
        ['counter', Float32Array.of(5)],
        ['other', Float32Array.of(1, 2)],
      ]),
    );
    expect(program.run('add', { amount: 2 })['before']![0]).toBe(5);
    expect(program.run('look', {})['now']![0]).toBe(7);
    expect(program.read(['other']).get('other')).toEqual(Float32Array.of(1, 2));
    program.dispose();
  });

  it('records without executing: no tensor is made, whatever the size', () => {
    const tensors = tf.memory().numTensors;
    const native = binding.getNumOfTensors();
    const program = compile(new Map([['w', [1, 1, 64, 64]]]), {
      huge: {
        inputs: { x: float32(1000, 1000, 1000, 64) },
        body: ({ x }, variables) => ({ y: tf.mean(conv2d(x as Tensor4D, variables.read('w') as Tensor4D)) }),
      },
    });
    expect(binding.getNumOfTensors()).toBe(native);
    expect(tf.memory().numTensors).toBe(tensors);
    program.dispose();
  });

  it('does not grow from step to step', () => {
    const program = compile(shapes, { train: trainStep });
    program.assign(startValues());
    program.run('train', { images, rate: 0.1 });
    const before = binding.getNumOfTensors();
    for (let i = 0; i < 50; i++) program.run('train', { images, rate: 0.1 });
    expect(binding.getNumOfTensors()).toBe(before);
    program.dispose();
  });

  it('sums the terms of a gradient in one op, and keeps no dead node', () => {
    const program = compile(shapes, { train: trainStep });
    const ops = program.graph.map(({ op }) => op);
    expect(ops).toContain('AddN');
    expect(ops).toContain('ResourceApplyMomentum');
    // A cast from float32 to float32, as TF.js' mean makes one.
    expect(ops.filter((op) => op === 'Cast').length).toBe(1);
    // The image is no parameter: nothing computes a gradient for it.
    expect(ops).not.toContain('Conv2DBackpropInput');
    program.dispose();
  });

  it('updates a variable after the last use of its old value, and in one function only', () => {
    const body: FunctionSpec['body'] = ({ x, rate }, variables) => {
      const [kernel, gamma] = [variables.read('kernel') as Tensor4D, variables.read('gamma')];
      const { value, gradients } = valueAndGradients(
        () => tf.mean(tf.square(conv2d(tf.mul(x as Tensor4D, tf.mean(gamma)), kernel))),
        [kernel, gamma],
      );
      variables.assign('gamma', gradients[1]!);
      variables.applyMomentum('kernel', 'kernel/momentum', {
        gradient: gradients[0]!,
        rate: rate!,
        momentum: 0.9,
      });
      return { loss: value };
    };
    const inputs = { x: float32(2, 9, 8, 3), rate: float32() };
    const program = compile(shapes, { train: { inputs, body }, again: { inputs, body } });
    const updates = program.graph.filter(({ op }) => op === 'ResourceApplyMomentum');
    const uses = program.graph.filter(({ op }) => op === 'Conv2DBackpropInput');
    expect([updates.length, uses.length]).toEqual([2, 2]);
    updates.forEach(({ after }, i) => {
      expect(after).toContain(uses[i]);
      expect(after).not.toContain(uses[1 - i]);
    });
    program.dispose();
  });

  it('knows the last use of a value that is seen in another shape there', () => {
    const body: FunctionSpec['body'] = ({ x, rate }, variables) => {
      const [kernel, gamma] = [variables.read('kernel'), variables.read('gamma')];
      const { value, gradients } = valueAndGradients(() => {
        const filter: Tensor4D = tf.reshape(kernel, [1, 1, 9, 12]);
        return tf.mean(tf.square(conv2d(tf.mul(x as Tensor4D, tf.mean(gamma)), filter)));
      }, [kernel, gamma]);
      variables.assign('gamma', gradients[1]!);
      const step = { gradient: gradients[0]!, rate: rate!, momentum: 0.9 };
      variables.applyMomentum('kernel', 'kernel/momentum', step);
      return { loss: value };
    };
    const inputs = { x: float32(2, 30, 30, 9), rate: float32() };
    const program = compile(shapes, { train: { inputs, body } });
    const [update] = program.graph.filter(({ op }) => op === 'ResourceApplyMomentum');
    const [use] = program.graph.filter(({ op }) => op === 'BatchMatMulV2');
    expect(reachable([update!])).toContain(use);
    program.dispose();
  });

  it('writes large constants of one number as Fill, and equal constants once', () => {
    const program = compile(new Map(), {
      f: {
        inputs: { x: float32(100, 100) },
        body: ({ x }) => ({ y: tf.add(tf.mul(x!, tf.ones([100, 100])), tf.mul(x!, tf.ones([100, 100]))) }),
      },
    });
    expect(program.graph.filter(({ op }) => op === 'Fill').length).toBe(1);
    program.dispose();
  });
});

describe('while recording', () => {
  const record = (body: FunctionSpec['body']) => () =>
    compile(new Map([['w', [2]]]), { f: { inputs: { x: float32(2), n: int32(2) }, body } });

  it('reading a value is an error that names the line', () => {
    expect(record(({ x }) => ({ y: tf.scalar(x!.dataSync()[0]!) }))).toThrow(
      /reads a value, which does not exist yet \(.*program\.test\.ts:\d+/,
    );
  });

  it('a tensor from outside is an error, for nothing may be frozen into the graph by accident', () => {
    const outside = tf.tensor1d([1, 2]);
    expect(record(({ x }) => ({ y: tf.add(x!, outside) }))).toThrow(
      /made outside of it.*program\.test\.ts:\d+/,
    );
    const computed = tf.add(outside, 1);
    expect(record(({ x }) => ({ y: tf.add(x!, computed) }))).toThrow(
      /made outside of it.*program\.test\.ts:\d+/,
    );
    tf.dispose([outside, computed]);
  });

  it('an op without a shape rule is an error that names the op and the line', () => {
    expect(record(({ x }) => ({ y: tf.erf(x!) }))).toThrow(
      /uses op Erf on \[2\]: it has no shape rule.*program\.test\.ts:\d+/,
    );
  });

  it('shapes that do not fit are an error', () => {
    expect(record(({ x }) => ({ y: tf.add(x!, tf.ones([3])) }))).toThrow(/shape|broadcast/i);
  });

  it('an unknown variable is an error', () => {
    expect(record((_, variables) => ({ y: variables.read('v') }))).toThrow('no variable v');
  });

  it('leaves the engine as it was, also after an error', () => {
    expect(record(({ x }) => ({ y: tf.erf(x!) }))).toThrow();
    expect(tf.add(tf.scalar(1), tf.scalar(2)).dataSync()[0]).toBe(3);
  });
});

it('says which argument is missing', () => {
  const program = compile(new Map(), {
    f: { inputs: { x: float32(2) }, body: ({ x }) => ({ y: tf.add(x!, 1) }) },
  });
  expect(() => program.run('f', {})).toThrow('the argument x is missing');
  expect(() => program.run('g', {})).toThrow('no function g');
  program.dispose();
});
