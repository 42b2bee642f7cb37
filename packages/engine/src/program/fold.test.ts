import { describe, expect, it } from 'vitest';
import {
  batchNorm,
  biasAdd,
  compile,
  conv2d,
  depthwiseConv2d,
  EagerVariables,
  float32,
  type FunctionSpec,
  relu,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  tf,
  valueAndGradients,
  type Variables,
} from '../index.ts';

const shapes = new Map([
  ['kernel', [3, 3, 3, 4]],
  ['depthwise', [3, 3, 3, 2]],
  ['bias', [4]],
  ...['gamma', 'beta', 'mean', 'variance'].flatMap((name) => [
    [`${name}4`, [4]] as const,
    [`${name}6`, [6]] as const,
  ]),
] as [string, number[]][]);

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const wave = (shape: readonly number[], phase: number) =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(phase + i * i));
const values = [...shapes].map(([name, shape], phase) => {
  const data = wave(shape, phase);
  return [name, name.startsWith('variance') ? data.map((x) => 0.5 + x * x) : data] as const;
});

function normalised(variables: Variables, x: Tensor4D, epsilon = 1e-3): Tensor4D {
  const vector = (name: string) => variables.read(`${name}${x.shape[3]}`) as Tensor1D;
  const inputs = { x, gamma: vector('gamma'), beta: vector('beta') };
  const statistics = { movingMean: vector('mean'), movingVariance: vector('variance') };
  return batchNorm({ ...inputs, ...statistics }, { training: false, epsilon, momentum: 0.9 }).y;
}

const image = [2, 18, 17, 3];
const convolution = (variables: Variables, x: Tensor) =>
  conv2d(x as Tensor4D, variables.read('kernel') as Tensor4D);
const inputs = { x: float32(...image) };

const cases: Record<string, FunctionSpec['body']> = {
  'a convolution': ({ x }, v) => ({ y: relu(normalised(v, convolution(v, x!))) }),
  'a convolution with bias': ({ x }, v) => ({
    y: normalised(v, biasAdd(convolution(v, x!), v.read('bias') as Tensor1D), 0.1),
  }),
  'a depthwise convolution': ({ x }, v) => ({
    y: normalised(v, depthwiseConv2d(x as Tensor4D, v.read('depthwise') as Tensor4D)),
  }),
};

function run(body: FunctionSpec['body']) {
  const program = compile(shapes, { f: { inputs, body } });
  program.assign(values);
  const ops = program.graph.map(({ op }) => op);
  const results = program.run('f', { x: wave(image, 99) });
  program.dispose();
  return { ops, results };
}

/** The same op by op. */
function eagerly(body: FunctionSpec['body']) {
  const variables = new EagerVariables(
    new Map(values.map(([name, data]) => [name, { shape: shapes.get(name)!, data }])),
  );
  const results = body({ x: tf.tensor(wave(image, 99), image) }, variables);
  return Object.fromEntries(Object.entries(results).map(([name, y]) => [name, y.dataSync() as Float32Array]));
}

function expectClose(ours: Float32Array, theirs: Float32Array): void {
  expect(ours.length).toBe(theirs.length);
  const largest = Math.max(...theirs.map(Math.abs));
  const error = Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!)));
  expect(error / largest).toBeLessThan(2e-6);
}

describe('batch norm in inference', () => {
  it.each(Object.entries(cases))('goes into %s before it', (_, body) => {
    const { ops, results } = run(body);
    expect(ops).not.toContain('FusedBatchNormV3');
    expectClose(results['y'] as Float32Array, eagerly(body)['y']!);
  });

  it('stays where something else reads the convolution', () => {
    const body: FunctionSpec['body'] = ({ x }, v) => {
      const made = convolution(v, x!);
      return { y: normalised(v, made), made };
    };
    const { ops, results } = run(body);
    expect(ops).toContain('FusedBatchNormV3');
    const expected = eagerly(body);
    for (const [name, y] of Object.entries(results)) expectClose(y as Float32Array, expected[name]!);
  });

  it('stays where a gradient goes through it', () => {
    const body: FunctionSpec['body'] = ({ x }, v) => {
      const energy = () => tf.sum(tf.square(normalised(v, convolution(v, x!))));
      const { gradients } = valueAndGradients(energy, [x!]);
      return { dx: gradients[0]! };
    };
    const { ops, results } = run(body);
    expect(ops).toContain('FusedBatchNormGradV3');
    expectClose(results['dx'] as Float32Array, eagerly(body)['dx']!);
  });
});
