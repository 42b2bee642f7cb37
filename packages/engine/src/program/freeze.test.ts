import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  averagePool,
  batchNorm,
  concat,
  biasAdd,
  conv2d,
  depthwiseConv2d,
  EagerVariables,
  float32,
  freeze,
  type FunctionSpec,
  globalAveragePool,
  leakyRelu,
  matMul,
  maxPool,
  relu6,
  resize,
  servedModel,
  swish,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tf,
  tfjsGraphModel,
  zeroPad,
} from '../index.ts';
import { binding } from '../tensorflow.ts';

const shapes = {
  'a/kernel': [3, 3, 3, 6],
  'a/depthwise_kernel': [3, 3, 6, 1],
  'a/gamma': [6],
  'a/beta': [6],
  'a/mean': [6],
  'a/variance': [6],
  'b/kernel': [12, 5],
  'b/bias': [5],
} as const;

const values = new Map(
  Object.entries(shapes).map(([name, shape]) => {
    const size = shape.reduce((a: number, b) => a * b, 1);
    const positive = /gamma|variance/.test(name) ? 1.5 : 0;
    return [
      name,
      { shape, data: Float32Array.from({ length: size }, (_, i) => Math.sin(i + name.length) + positive) },
    ];
  }),
);

/** What the models are made of, but for the resizers that TensorFlow.js does not have. */
const network: FunctionSpec = {
  inputs: { images: float32(2, 12, 10, 3) },
  body({ images }, variables) {
    const vector = (name: string) => variables.read(`a/${name}`) as Tensor1D;
    const mean = tf.tensor1d([100, 110, 120]);
    let x = resize(tf.reverse(tf.div<Tensor4D>(tf.sub(images as Tensor4D, mean), 58), 3), [9, 8]);
    const around = { top: 1, bottom: 1, left: 1, right: 1 };
    x = conv2d(x, variables.read('a/kernel') as Tensor4D, { stride: 2, padding: around });
    const [movingMean, movingVariance] = [vector('mean'), vector('variance')];
    const inputs = { x, gamma: vector('gamma'), beta: vector('beta'), movingMean, movingVariance };
    x = batchNorm(inputs, { training: false, epsilon: 1e-3, momentum: 0.9 }).y;
    x = swish(leakyRelu(relu6(depthwiseConv2d(x, variables.read('a/depthwise_kernel') as Tensor4D))));
    const pooled = maxPool(zeroPad(x, around), { size: 3, stride: 1, padding: 'valid' });
    x = concat([pooled, averagePool(x, { size: 3, stride: 1, padding: 'same' })]);
    const logits = matMul(globalAveragePool(x), variables.read('b/kernel') as Tensor2D);
    return { logits: biasAdd(logits, variables.read('b/bias') as Tensor1D), pooled };
  },
};

const images = Float32Array.from({ length: 2 * 12 * 10 * 3 }, (_, i) => (i * 37) % 256);

/** The same op by op. */
function expected(): Float32Array {
  const eager = new EagerVariables(values);
  const logits = tf.tidy(() =>
    network.body({ images: tf.tensor4d(images, [2, 12, 10, 3]) }, eager)['logits']!.dataSync(),
  );
  eager.dispose();
  return logits as Float32Array;
}

const largestError = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

const folder = mkdtempSync(join(tmpdir(), 'freeze-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a frozen function', () => {
  const frozen = freeze(network, values);

  it('holds its variables as constants of their names, and nothing that its outputs do not need', () => {
    const constants = frozen.nodes.filter(({ op }) => op === 'Const').map(({ name }) => name);
    expect(constants).toEqual(expect.arrayContaining(Object.keys(shapes)));
    expect(frozen.nodes.filter(({ op }) => /Variable|VarHandle/.test(op))).toEqual([]);
    expect(frozen.inputs).toEqual([{ name: 'images', node: 'images', ...float32(2, 12, 10, 3) }]);
    expect(frozen.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['logits', [2, 5]],
      ['pooled', [2, 5, 4, 6]],
    ]);
  });

  it('refuses a function that changes its variables, or reads one without a value', () => {
    const changing: FunctionSpec = {
      inputs: {},
      body(_, variables) {
        variables.assign('b/bias', variables.read('b/bias'));
        return {};
      },
    };
    expect(() => freeze(changing, values)).toThrow('cannot change b/bias');
    expect(() => freeze(network, new Map())).toThrow('no value for the variable a/kernel');
  });

  it('is a SavedModel that TensorFlow runs to the same numbers', () => {
    writeFileSync(join(folder, 'saved_model.pb'), servedModel(frozen));
    const model = binding.loadSavedModel(folder, 'serve');
    const input = binding.createTensor([2, 12, 10, 3], binding.TF_FLOAT, images);
    const [output] = binding.runSavedModel(model, [input], 'images:0', 'logits:0');
    expect(largestError(binding.tensorDataSync(output!.id) as Float32Array, expected())).toBeLessThan(1e-5);
    binding.deleteSavedModel(model);
  });

  it('is a graph model that TensorFlow.js runs to the same numbers', () => {
    const files = tfjsGraphModel(frozen);
    const model = JSON.parse(Buffer.from(files.get('model.json')!).toString()) as Record<string, never>;
    const { weightsManifest } = model as unknown as {
      weightsManifest: { paths: string[]; weights: object[] }[];
    };
    const weightData = new Uint8Array(
      Buffer.concat(weightsManifest[0]!.paths.map((path) => files.get(path)!)),
    ).buffer;
    const { modelTopology, signature } = model;
    const artifacts = {
      format: 'graph-model',
      modelTopology,
      signature,
      weightSpecs: weightsManifest[0]!.weights,
      weightData,
    };
    const tfjs = createRequire(import.meta.url)('@tensorflow/tfjs') as {
      loadGraphModelSync: (handler: object) => { execute: (inputs: object, output: string) => Tensor };
    };
    const wanted = expected();
    // The kernels of browsers, not those of TensorFlow.
    void tf.setBackend('cpu');
    try {
      const loaded = tfjs.loadGraphModelSync({ load: () => artifacts });
      const logits = loaded.execute({ images: tf.tensor4d(images, [2, 12, 10, 3]) }, 'logits');
      expect(largestError(logits.dataSync(), wanted)).toBeLessThan(1e-5);
    } finally {
      void tf.setBackend('tensorflow');
    }
  });

  it('is no graph model where TensorFlow.js lacks an op', () => {
    const bicubic: FunctionSpec = {
      inputs: { images: float32(1, 8, 8, 3) },
      body: ({ images: x }) => ({ y: resize(x as Tensor4D, [4, 4], 'bicubic') }),
    };
    expect(() => tfjsGraphModel(freeze(bicubic, new Map()))).toThrow('TensorFlow.js has no bicubic');
  });
});
