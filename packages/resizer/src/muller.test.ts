import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  compile,
  EagerVariables,
  float32,
  interpolations,
  resize,
  type Size,
  type Tensor4D,
  tf,
  valueAndGradients,
} from '@resizer-lab/engine';
import { countParameters, initialValues, multiplyAddsOf, parametersOf, Scope } from '@resizer-lab/layers';
import { describe, expect, it } from 'vitest';
import { applyResizer, mullerResizer, type MullerOptions, type ResizerInputs } from './index.ts';

/** See fixtures/make_muller.py. */
interface Golden {
  options: Omit<MullerOptions, 'target' | 'span'>;
  shape: [number, number, number, number];
  target: [number, number];
  /** Weight and bias of each layer. */
  values: number[];
  y: number[];
  gradients: number[];
  dx: number[];
}

const goldens = JSON.parse(
  readFileSync(join(import.meta.dirname, 'fixtures/muller.json'), 'utf8'),
) as Golden[];

type Formula = [step: number, start: number, modulus: number];

const sequence = (count: number, [step, start, modulus]: Formula, map: (x: number) => number) =>
  Float32Array.from({ length: count }, (_, i) => map((step * i + start) % modulus));

const imageOf = (count: number) => sequence(count, [37, 11, 101], (x) => x / 100);

const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

const namesOf = (layers: number) =>
  Array.from({ length: layers }, (_, i) => [`resizer/weight_${i + 1}`, `resizer/bias_${i + 1}`]).flat();

const largestError = (values: ArrayLike<number>, golden: ArrayLike<number>) => {
  expect(values.length).toBe(golden.length);
  return Math.max(
    ...Array.from(golden, (value, i) => Math.abs(value - values[i]!) / Math.max(1, Math.abs(value))),
  );
};

/** The output of an eager call with these parameters. */
function outputOf(
  x: Float32Array,
  shape: Golden['shape'],
  { values, ...inputs }: ResizerInputs & { values: number[] },
) {
  const variables = new EagerVariables(
    new Map(namesOf(2).map((name, i) => [name, { shape: [], data: Float32Array.of(values[i]!) }])),
  );
  const net = new Scope({ variables, training: true });
  const y = tf.tidy(() => applyResizer(net, tf.tensor4d(x, shape), inputs).dataSync());
  variables.dispose();
  return y;
}

/** The output in a compiled program, and the gradients of the sum of y · dy. */
function compiledRun({ options, shape, target, values }: Golden) {
  const names = namesOf(values.length / 2);
  const dyShape = [shape[0], ...target, 3];
  const resizer = { kind: 'muller', ...options } as const;
  const program = compile(new Map(names.map((name) => [name, []])), {
    f: {
      inputs: { x: float32(...shape), dy: float32(...dyShape) },
      body({ x, dy }, variables) {
        const net = new Scope({ variables, training: true });
        const resized = () => applyResizer(net, x as Tensor4D, { resizer, target });
        const over = [x!, ...names.map((name) => variables.read(name))];
        const { gradients } = valueAndGradients(() => tf.sum(tf.mul(resized(), dy!)), over);
        const named = ['dx', ...names].map((name, i) => [name, gradients[i]!] as const);
        return { y: resized(), ...Object.fromEntries(named) };
      },
    },
  });
  program.assign(new Map(names.map((name, i) => [name, Float32Array.of(values[i]!)])));
  const dy = sequence(product(dyShape), [29, 7, 103], (x) => x / 51 - 1);
  const results = program.run('f', { x: imageOf(product(shape)), dy }) as Record<string, Float32Array>;
  program.dispose();
  return { y: results['y']!, dx: results['dx']!, gradients: names.map((name) => results[name]![0]!) };
}

describe('MULLER', () => {
  it.each(goldens)(
    "computes and differentiates as its authors' code: $options, $shape to $target",
    (golden) => {
      const { y, dx, gradients } = compiledRun(golden);
      expect(largestError(y, golden.y)).toBeLessThan(1e-5);
      expect(largestError(gradients, golden.gradients)).toBeLessThan(1e-5);
      expect(largestError(dx, golden.dx)).toBeLessThan(1e-5);
    },
  );

  it.each([1, 2, 5])('has two parameters in each of %i layers, named and zero at first', (layers) => {
    const resizer = { kind: 'muller', layers } as const;
    const network = (net: Scope, x: Tensor4D) => applyResizer(net, x, { resizer, target: [4, 4] });
    const parameters = parametersOf(network, [float32(1, 8, 8, 3)]);
    expect([...parameters.keys()].sort()).toEqual(namesOf(layers).sort());
    expect([...parameters.values()].every(({ trainable }) => trainable)).toBe(true);
    expect(countParameters(parameters.values())).toBe(2 * layers);
    expect([...initialValues(parameters, 3)].every(([, [value]]) => value === 0)).toBe(true);
  });

  it.each(interpolations)('starts as %s exactly, at any size', (base) => {
    const shape = [2, 9, 7, 3] as const;
    const x = imageOf(2 * 9 * 7 * 3);
    for (const target of [
      [4, 5],
      [13, 8],
      [9, 7],
    ] satisfies Size[]) {
      const y = outputOf(x, [...shape], { resizer: { kind: 'muller', base }, target, values: [0, 0, 0, 0] });
      const wanted = tf.tidy(() => resize(tf.tensor4d(x, [...shape]), target, base).dataSync());
      expect([...y]).toEqual([...wanted]);
    }
  });

  it('treats images of any range alike, given how far white lies from black', () => {
    const shape: Golden['shape'] = [1, 8, 8, 3];
    const x = imageOf(8 * 8 * 3);
    const spans = [255, 4, 0.5];
    const inputs = { resizer: { kind: 'muller' }, target: [5, 5], values: [2, -0.2, -11, 0.1] } as const;
    const unit = outputOf(x, shape, { ...inputs, values: [...inputs.values] });
    const scaled = outputOf(
      x.map((value, i) => value * spans[i % 3]!),
      shape,
      { ...inputs, values: [...inputs.values], span: spans },
    );
    expect(
      largestError(
        scaled.map((value, i) => value / spans[i % 3]!),
        unit,
      ),
    ).toBeLessThan(1e-5);
  });

  it('costs a hundredth of the learned resizer of the paper', () => {
    const network = (net: Scope, x: Tensor4D) => mullerResizer(net, x, { target: [224, 224] });
    // Two layers, two passes of five taps, over every value of the photo.
    expect(multiplyAddsOf(network, [float32(1, 448, 448, 3)])).toBe(2 * 2 * 5 * 448 * 448 * 3);
  });

  it.each([{ kernel: 4 }, { stddev: 0 }, { kernel: 2.5 }])('refuses a window of %o', (options) => {
    const network = (net: Scope, x: Tensor4D) => mullerResizer(net, x, { target: [4, 4], ...options });
    expect(() => parametersOf(network, [float32(1, 8, 8, 3)])).toThrow('want an odd number');
  });
});
