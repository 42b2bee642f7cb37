import { backbones } from '@resizer-lab/backbones';
import {
  compile,
  float32,
  type Outputs,
  type Program,
  softmaxCrossEntropy,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tf,
  valueAndGradients,
  type Variables,
} from '@resizer-lab/engine';
import { type Parameters, parametersOf, Scope } from '@resizer-lab/layers';
import { learnedResizer, RESIZER_SCOPE } from '@resizer-lab/resizer';
import type { Fixture, FixtureCase } from './fixture.ts';
import { imageValues, weightValues } from './formula.ts';

export interface PassResult {
  outputs: Record<string, Float32Array>;
  activations: Map<string, Float32Array>;
}

export interface CaseResult {
  inference: PassResult;
  training: PassResult;
  loss: number;
  gradients: Map<string, Float32Array>;
  inputGradient: Float32Array;
  /** Moving statistics after one training pass. */
  moving: ReadonlyMap<string, Float32Array>;
}

/** What a fixture's model computes, and the loss that its gradients are of. */
interface Model {
  outputs: (net: Scope, images: Tensor4D) => Record<string, Tensor>;
  loss: (outputs: Record<string, Tensor>) => Tensor;
}

/** The model of a fixture's name for one case; undefined if it is none of ours. */
export function modelOf(fixture: Fixture, { target }: FixtureCase): Model | undefined {
  const resizer = /^resizer_n(\d+)_r(\d+)$/.exec(fixture.model);
  if (resizer && target) {
    const options = { target, filters: Number(resizer[1]), blocks: Number(resizer[2]) };
    return {
      outputs: (net, images) => ({ output: learnedResizer(net.in(RESIZER_SCOPE), images, options) }),
      loss: ({ output }) => tf.mean(tf.square(output!)),
    };
  }
  const backbone = backbones.find(({ name }) => name === fixture.model);
  if (!backbone) return undefined;
  const { classes = 1000, labels = [], label_smoothing: smoothing = 0 } = fixture;
  return {
    outputs(net, images) {
      const pooled = backbone.features(net, images);
      return { pooled, logits: backbone.head(net, pooled, classes) };
    },
    loss({ logits }) {
      const hot = tf.oneHot(tf.tensor1d([...labels], 'int32'), classes);
      const targets = tf.add(tf.mul(tf.cast(hot, 'float32'), 1 - smoothing), smoothing / classes);
      return tf.mean(softmaxCrossEntropy(logits as Tensor2D, targets as Tensor2D));
    },
  };
}

/** Runs a case through compiled programs, as training and evaluation do. */
export function runCase(fixture: Fixture, { input_shape: shape }: FixtureCase, model: Model): CaseResult {
  const images = float32(...shape);
  const parameters = parametersOf((net, x: Tensor4D) => model.outputs(net, x), [images]);
  const program = compile(new Map([...parameters].map(([name, parameter]) => [name, parameter.shape])), {
    inference: { inputs: { images }, body: (inputs, variables) => inference(model, inputs, variables) },
    training: {
      inputs: { images },
      body: (inputs, variables) => training(model, { inputs, variables, parameters }),
    },
  });
  try {
    return measure(fixture, { shape, parameters, program });
  } finally {
    program.dispose();
  }
}

/** Activations come out under their layer's name. */
const ACTIVATION = 'activation:';

function inference(model: Model, { images }: Record<string, Tensor>, variables: Variables) {
  const observed: Record<string, Tensor> = {};
  const observe = (name: string, output: Tensor) => {
    observed[ACTIVATION + name] = output;
  };
  const net = new Scope({ variables, training: false, observe });
  return { ...model.outputs(net, images as Tensor4D), ...observed };
}

function training(
  model: Model,
  {
    inputs,
    variables,
    parameters,
  }: { inputs: Record<string, Tensor>; variables: Variables; parameters: Parameters },
) {
  const names = [...parameters.values()].filter(({ trainable }) => trainable).map(({ name }) => name);
  const images = inputs['images'] as Tensor4D;
  let outputs: Record<string, Tensor> = {};
  const observed: Record<string, Tensor> = {};
  const observe = (name: string, output: Tensor) => {
    observed[ACTIVATION + name] = tf.keep(output);
  };
  const { value, gradients } = valueAndGradients(() => {
    outputs = model.outputs(new Scope({ variables, training: true, observe }), images);
    Object.values(outputs).forEach((tensor) => tf.keep(tensor));
    return model.loss(outputs);
  }, [images, ...names.map((name) => variables.read(name))]);
  const [inputGradient, ...weightGradients] = gradients;
  const named = names.map((name, i) => [`gradient:${name}`, weightGradients[i]!] as const);
  return {
    ...outputs,
    ...observed,
    loss: value,
    inputGradient: inputGradient!,
    ...Object.fromEntries(named),
  };
}

function measure(
  { seed, gain }: Fixture,
  { shape, parameters, program }: { shape: readonly number[]; parameters: Parameters; program: Program },
): CaseResult {
  program.assign(
    new Map(
      [...parameters.values()].map((parameter) => [parameter.name, weightValues(seed, parameter, gain)]),
    ),
  );
  const images = imageValues(seed, shape);
  const inferred = program.run('inference', { images });
  const trained = program.run('training', { images });
  const statistics = [...parameters.values()].filter(({ trainable }) => !trainable).map(({ name }) => name);
  return {
    inference: passOf(inferred),
    training: passOf(trained),
    loss: trained['loss']![0]!,
    gradients: withPrefix(trained, 'gradient:'),
    inputGradient: trained['inputGradient'] as Float32Array,
    moving: program.read(statistics),
  };
}

function withPrefix(outputs: Outputs, prefix: string): Map<string, Float32Array> {
  return new Map(
    Object.entries(outputs)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, values]) => [name.slice(prefix.length), values as Float32Array]),
  );
}

function passOf(outputs: Outputs): PassResult {
  return { outputs: outputs as Record<string, Float32Array>, activations: withPrefix(outputs, ACTIVATION) };
}
