import {
  concat,
  EagerVariables,
  float32,
  type Tensor,
  type Tensor4D,
  tf,
  valueAndGradients,
} from '@resizer-lab/engine';
import { expect, it } from 'vitest';
import { batchNorm, batchNormOfParts, conv, convOfParts } from './layers.ts';
import { initialValues, parametersOf, Scope } from './scope.ts';

const channels = [3, 1, 4];
const images = channels.map(
  (count, i): Tensor4D => tf.randomNormal([2, 5, 4, count], i, 2, 'float32', i + 1),
);
const options = { epsilon: 1e-3, momentum: 0.8 };

const whole = (net: Scope, ...parts: Tensor4D[]) =>
  conv(net, 'conv', batchNorm(net, 'bn', concat(parts), options), { filters: 6, kernel: 1 });
const inParts = (net: Scope, ...parts: Tensor4D[]) =>
  convOfParts(net, 'conv', batchNormOfParts(net, 'bn', parts, options), { filters: 6 });

/** Output, gradients for parts and weights, and moving statistics after a step. */
function results(network: typeof whole): Map<string, Tensor> {
  const parameters = parametersOf(
    whole,
    images.map(({ shape }) => float32(...shape)),
  );
  const values = new Map<string, Float32Array>(initialValues(parameters, 3));
  values.get('bn/gamma')!.forEach((_, i, gamma) => (gamma[i] = 0.5 + i / 4));
  values.get('bn/beta')!.forEach((_, i, beta) => (beta[i] = i / 8 - 0.3));
  const variables = new EagerVariables(
    new Map([...parameters].map(([name, { shape }]) => [name, { shape, data: values.get(name)! }])),
  );
  const names = [...parameters.keys()].filter((name) => parameters.get(name)!.trainable);
  const seen = new Map<string, Tensor>();
  const net = new Scope({ variables, training: true, observe: (name, output) => seen.set(name, output) });
  const y = network(net, ...images);
  expect([...seen.keys()]).toEqual(['bn', 'conv']);
  const bn = seen.get('bn')!;
  const loss = () => tf.sum(tf.mul(tf.square(network(net, ...images)), 0.5)).asScalar();
  const { gradients } = valueAndGradients(loss, [...images, ...names.map((name) => variables.read(name))]);
  variables.commit();
  const moving = ['bn/moving_mean', 'bn/moving_variance'];
  return new Map([
    ['y', y],
    ['bn', bn],
    ...gradients.map((gradient, i): [string, Tensor] => [names[i - images.length] ?? `part ${i}`, gradient!]),
    ...moving.map((name): [string, Tensor] => [`next ${name}`, variables.read(name)]),
  ]);
}

it('channels in parts are normalised and convolved as they are together, with the same gradients', () => {
  const [expected, got] = [results(whole), results(inParts)];
  expect([...got.keys()]).toEqual([...expected.keys()]);
  expect(got.size).toBe(2 + images.length + 3 + 2);
  for (const [name, value] of expected) {
    const distance = tf.norm(tf.sub(got.get(name)!, value)).dataSync()[0]!;
    expect(distance / tf.norm(value).dataSync()[0]!, name).toBeLessThan(1e-5);
  }
});
