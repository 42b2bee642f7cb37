import { stream } from '@resizer-lab/base';
import {
  compile,
  float32,
  type FunctionSpec,
  int32,
  type Program,
  softmaxCrossEntropy,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tf,
  valueAndGradients,
  type Variables,
} from '@resizer-lab/engine';
import { type DropRates, type Parameter, type Parameters, parametersOf, Scope } from '@resizer-lab/layers';
import type { Backbone } from './backbone.ts';

export const CLASSES = 10;
export const BATCH = 3;
/** Odd, not square, small, and with more than one pixel of features for the last batch norms. */
export const SHAPE = [BATCH, 71, 53, 3] as const;

/** A compiled backbone with a 10-way head. */
export interface TinyModel {
  parameters: Parameters;
  /** Names of the parameters trained by gradient, and of the others. */
  trained: string[];
  statistics: string[];
  /** What the network asked for while `evaluate` was recorded. */
  reads: readonly string[];
  values: ReadonlyMap<string, Float32Array>;
  images: Float32Array;
  /**
   * Functions `evaluate`, `train` (its outputs are the logits, and each gradient by its parameter's
   * name), `frozen`, `head`, `droppedHead`, and `dropConnected` where the backbone can.
   */
  program: Program;
  /** Sets all parameters to their first values. */
  restart(): void;
}

export function tinyModel(backbone: Backbone): TinyModel {
  const parameters = parametersOf((net, x: Tensor4D) => network(backbone, net, x), [float32(...SHAPE)]);
  const all = [...parameters.values()];
  const trained = all.filter(({ trainable }) => trainable).map(({ name }) => name);
  const reads: string[] = [];
  const program = compile(shapesOf(parameters), functionsOf(backbone, { parameters, trained, reads }));
  const values = new Map(all.map((parameter) => [parameter.name, valuesOf(parameter)]));
  const draw = stream(1, 'images');
  return {
    parameters,
    trained,
    statistics: all.filter(({ trainable }) => !trainable).map(({ name }) => name),
    reads,
    values,
    images: Float32Array.from({ length: size(SHAPE) }, () => 2 * draw.uniform() - 1),
    program,
    restart: () => program.assign(values),
  };
}

/** Records the backbone with half of its residual branches dropped, and throws if it has none. */
export function dropConnected(backbone: Backbone): void {
  const parameters = parametersOf((net, x: Tensor4D) => network(backbone, net, x), [float32(...SHAPE)]);
  compile(shapesOf(parameters), { dropped: dropping(backbone, { dropConnect: 0.5 }) }).dispose();
}

const network = (backbone: Backbone, net: Scope, images: Tensor4D) => {
  const features = backbone.features(net, images);
  return { features, logits: backbone.head(net, features, CLASSES) };
};

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const shapesOf = (parameters: Parameters) =>
  new Map([...parameters].map(([name, { shape }]) => [name, shape]));

function functionsOf(
  backbone: Backbone,
  { parameters, trained, reads }: { parameters: Parameters; trained: readonly string[]; reads: string[] },
): Record<string, FunctionSpec> {
  const images = float32(...SHAPE);
  const last = [...parameters.values()].find(({ name }) => name.startsWith(`${backbone.headName}/`))!;
  const features = float32(BATCH, last.shape.at(-2)!);
  const head = (net: Scope, inputs: Record<string, Tensor>) => ({
    logits: backbone.head(net, inputs['features'] as Tensor2D, CLASSES),
  });
  return {
    evaluate: {
      inputs: { images },
      body: (inputs, variables) =>
        network(
          backbone,
          new Scope({ variables: counting(variables, reads), training: false }),
          inputs['images'] as Tensor4D,
        ),
    },
    frozen: {
      inputs: { images },
      body: (inputs, variables) =>
        network(backbone, new Scope({ variables, training: true }).frozen(), inputs['images'] as Tensor4D),
    },
    train: {
      inputs: { images },
      body: (inputs, variables) =>
        gradients(backbone, { variables, trained, images: inputs['images'] as Tensor4D }),
    },
    head: {
      inputs: { features },
      body: (inputs, variables) => head(new Scope({ variables, training: false }), inputs),
    },
    droppedHead: {
      inputs: { features, seed: int32(2) },
      body: (inputs, variables) =>
        head(
          new Scope({ variables, training: true, dropping: { seed: inputs['seed']!, dropout: 0.5 } }),
          inputs,
        ),
    },
    ...(backbone.dropRates.dropConnect === undefined
      ? {}
      : { dropConnected: dropping(backbone, { dropConnect: 0.5 }) }),
  };
}

const counting = (variables: Variables, reads: string[]): Variables => ({
  ...variables,
  read(name) {
    reads.push(name);
    return variables.read(name);
  },
});

function dropping(backbone: Backbone, rates: DropRates): FunctionSpec {
  return {
    inputs: { images: float32(...SHAPE), seed: int32(2) },
    body({ images, seed }, variables) {
      const net = new Scope({ variables, training: true, dropping: { ...rates, seed: seed! } });
      return network(backbone, net.frozen(), images as Tensor4D);
    },
  };
}

function gradients(
  backbone: Backbone,
  step: { variables: Variables; trained: readonly string[]; images: Tensor4D },
): Record<string, Tensor> {
  const { variables, trained, images } = step;
  let logits: Tensor | undefined;
  const loss = () => {
    const output = network(backbone, new Scope({ variables, training: true }), images).logits;
    logits = tf.keep(output);
    const hot = tf.oneHot(tf.tensor1d([3, 7, 0], 'int32'), CLASSES);
    return tf.mean(softmaxCrossEntropy(output, tf.cast(hot, 'float32') as Tensor2D));
  };
  const xs = trained.map((name) => variables.read(name));
  const found = valueAndGradients(loss, xs).gradients;
  return { logits: logits!, ...Object.fromEntries(trained.map((name, i) => [name, found[i]!])) };
}

/** He-uniform kernels and statistics near those of a fresh network, without 25 million random draws. */
function valuesOf({ name, shape }: Parameter): Float32Array {
  const draw = stream(1, 'values', name);
  const noise = Float32Array.from({ length: Math.min(size(shape), 1009) }, () => 2 * draw.uniform() - 1);
  const [scale, offset] = distributionOf(name, shape);
  return Float32Array.from({ length: size(shape) }, (_, i) => offset + scale * noise[i % noise.length]!);
}

function distributionOf(name: string, shape: readonly number[]): [scale: number, offset: number] {
  if (/gamma$|variance$/.test(name)) return [0.2, 1];
  if (shape.length === 1) return [0.1, 0];
  const fanIn = size(shape.slice(0, /depthwise/.test(name.split('/').at(-1)!) ? 2 : -1));
  return [Math.sqrt(6 / fanIn), 0];
}
