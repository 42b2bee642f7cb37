import {
  compile,
  float32,
  type Interpolation,
  interpolations,
  resize,
  type Tensor4D,
  tf,
} from '@resizer-lab/engine';
import { countParameters, initialValues, multiplyAddsOf, parametersOf, Scope } from '@resizer-lab/layers';
import { describe, expect, it } from 'vitest';
import { applyResizer, learnedResizer, type ResizerSpec } from './index.ts';

const images = (height: number, width: number) => float32(2, height, width, 3);

/** A resizer's output for one batch, from its first values. */
function run(resizer: ResizerSpec, from: [number, number], target: [number, number]) {
  const network = (net: Scope, x: Tensor4D) => applyResizer(net, x, { resizer, target });
  const parameters = parametersOf(network, [images(...from)]);
  const program = compile(new Map([...parameters].map(([name, { shape }]) => [name, shape])), {
    f: {
      inputs: { x: images(...from) },
      body: ({ x }, variables) => ({
        y: network(new Scope({ variables, training: true }), x as Tensor4D),
      }),
    },
  });
  program.assign(initialValues(parameters, 1));
  const x = Float32Array.from({ length: 2 * from[0] * from[1] * 3 }, (_, i) => Math.sin(i * i));
  const statistics = [...parameters.values()].filter(({ trainable }) => !trainable).map(({ name }) => name);
  const before = program.read(statistics);
  const y = program.run('f', { x })['y'] as Float32Array;
  const after = program.read(statistics);
  program.dispose();
  const moved = statistics.filter((name) =>
    before.get(name)!.some((value, i) => value !== after.get(name)![i]),
  );
  const base = (method: Interpolation) =>
    tf.tidy(() => resize(tf.tensor4d(x, [2, ...from, 3]), target, method).dataSync() as Float32Array);
  return { y, base, moved, statistics };
}

describe('the learned resizer of the paper', () => {
  // The paper prints these counts of convolution weights in thousands, cut off.
  it.each([
    [16, 1, 11_872],
    [16, 2, 16_480],
    [16, 3, 21_088],
    [16, 4, 25_696],
    [32, 1, 38_080],
    [32, 2, 56_512],
    [32, 3, 74_944],
    [32, 4, 93_376],
  ])('with n = %i, r = %i has %i convolution weights', (filters, blocks, count) => {
    const network = (net: Scope, x: Tensor4D) => learnedResizer(net, x, { target: [8, 8], filters, blocks });
    const parameters = [...parametersOf(network, [images(16, 16)]).values()];
    expect(countParameters(parameters.filter(({ name }) => name.endsWith('/kernel')))).toBe(count);
  });

  it('costs 1.977 GFLOP from 448 to 224', () => {
    const network = (net: Scope, x: Tensor4D) => learnedResizer(net, x, { target: [224, 224] });
    const multiplyAdds = multiplyAddsOf(network, [float32(1, 448, 448, 3)]);
    expect((2 * multiplyAdds) / 1e9).toBeCloseTo(1.977, 3);
  });

  it.each<[[number, number], [number, number]]>([
    [
      [16, 12],
      [8, 6],
    ],
    [
      [7, 9],
      [14, 11],
    ],
    [
      [9, 5],
      [9, 5],
    ],
    [
      [11, 8],
      [5, 13],
    ],
  ])('takes any size and aspect: %o to %o', (from, target) => {
    const { y, base } = run({ kind: 'learned' }, from, target);
    expect(y.length).toBe(2 * target[0] * target[1] * 3);
    expect(y.every(Number.isFinite)).toBe(true);
    expect(y.some((value, i) => Math.abs(value - base('bilinear')[i]!) > 0.01)).toBe(true);
  });

  it.each(interpolations)('can start as %s exactly', (base) => {
    const result = run({ kind: 'learned', start: 'identity', base }, [16, 12], [8, 5]);
    expect(result.y).toEqual(result.base(base));
  });

  it('moves its statistics in training, and none when frozen', () => {
    const trained = run({ kind: 'learned' }, [16, 12], [8, 6]);
    expect(trained.moved).toEqual(trained.statistics);
    expect(run({ kind: 'learned', frozen: true }, [16, 12], [8, 6]).moved).toEqual([]);
  });
});

it.each(interpolations)('%s stands behind the same interface', (method) => {
  const { y, base, statistics } = run({ kind: 'fixed', method }, [13, 10], [6, 7]);
  expect(y).toEqual(base(method));
  expect(statistics).toEqual([]);
});
