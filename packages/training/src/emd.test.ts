import {
  compile,
  float32,
  gradientError,
  type Tensor,
  type Tensor2D,
  tf,
  valueAndGradients,
} from '@resizer-lab/engine';
import { describe, expect, it } from 'vitest';
import { earthMoversLoss } from './emd.ts';

// Means and gradients by NumPy 2.4 in complex128, the gradients by complex steps of 1e-30. The third row
// of logits puts all into one bin; the second row of scores has all in the first bin, the third two halves.
const logits = [
  [2, -1, 0.5, 0.25, 0, 1, -0.5, 0.75, -2, 0.1],
  [0.5, -3, 0.2, 1, 1, 1, 0, 0, 0.3, -0.4],
  [30, -30, 0, 0, 0, 0, 0, 0, 0, 0],
];
const votes = [
  [0, 1, 0, 9, 20, 40, 29, 14, 11, 6],
  [1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 1, 1, 0, 0, 0, 0],
];
const shares = votes.map((row) => row.map((count) => count / row.reduce((a, b) => a + b)));
const goldens = {
  1: {
    loss: 0.3804164448792656,
    gradient: [
      ...[0.03822688882533343, 0.0012357407923237018, 0.0025468401798832002, -0.0003461969188338405],
      ...[-0.0020839735174566056, -0.01059675580406183, -0.00346491780686163, -0.01593474121250742],
      ...[-0.001264220184049774, -0.008318664353769212, -0.01566392749787549, -0.00036306752161312526],
      ...[-0.006209806977263741, -0.007817544154681843, -0.00181490872342514, 0.004187726707831564],
      ...[0.0037488247290624133, 0.0059570708970690285, 0.011022025156943003, 0.0069536073839533185],
    ],
  },
  2: {
    loss: 0.5077719279001063,
    gradient: [
      ...[0.04707682737303913, 0.0015250419944820134, 0.0030527573770116464, -0.0012056027028874503],
      ...[-0.003733089571226877, -0.016247456567844598, -0.004450222111188715, -0.016185455256790077],
      ...[-0.001082069229874232, -0.008750731304720842, -0.019788749198107084, -0.00041738736674787135],
      ...[-0.005835637348220526, -0.0040799272676603285, 0.0028388389124484616, 0.007768848778022344],
      ...[0.003940026459704039, 0.004752904273287593, 0.007149706958990396, 0.003671375798282967],
    ],
  },
} as const;

describe.each([1, 2] as const)("the earth mover's distance, r = %i", (r) => {
  const matrix = (rows: readonly number[][]) => tf.tensor2d(rows as number[][]);
  const gradientAt = (at: readonly number[][], scores: readonly number[][]) => {
    const z = matrix(at);
    const { value, gradients } = valueAndGradients(() => earthMoversLoss(z, matrix(scores), r), [z]);
    return { loss: value.dataSync()[0]!, gradient: [...gradients[0]!.dataSync()] };
  };

  it('and its gradient are those of float64', () => {
    const { loss, gradient } = gradientAt(logits, shares);
    expect(loss).toBeCloseTo(goldens[r].loss, 6);
    goldens[r].gradient.forEach((theirs, i) => expect(gradient[i]).toBeCloseTo(theirs, 7));
    // The last row's softmax is saturated.
    gradient.slice(20).forEach((value) => expect(value).toBeCloseTo(0, 7));
  });

  it('has the gradient of finite differences', () => {
    const f = ({ z }: Record<string, Tensor>) =>
      earthMoversLoss(z as Tensor2D, matrix(shares.slice(0, 2)), r);
    expect(gradientError({ name: `emd${r}`, inputs: { z: [2, 10] }, f })).toBeLessThan(2e-3);
  });

  it('is compiled to the same', () => {
    const inputs = { z: float32(3, 10), scores: float32(3, 10) };
    const program = compile(new Map(), {
      loss: {
        inputs,
        body({ z, scores }) {
          const { value, gradients } = valueAndGradients(
            () => earthMoversLoss(z as Tensor2D, scores as Tensor2D, r),
            [z!],
          );
          return { value, gradient: gradients[0]! };
        },
      },
    });
    const out = program.run('loss', {
      z: Float32Array.from(logits.flat()),
      scores: Float32Array.from(shares.flat()),
    });
    program.dispose();
    expect(out['value']![0]).toBeCloseTo(goldens[r].loss, 6);
    goldens[r].gradient.forEach((theirs, i) => expect(out['gradient']![i]).toBeCloseTo(theirs, 7));
  });

  it('is none, with no gradient, where the distributions are equal', () => {
    const even = [new Array<number>(10).fill(0)];
    const { loss, gradient } = gradientAt(even, [new Array<number>(10).fill(0.1)]);
    expect(loss).toBeLessThan(2e-7);
    for (const value of gradient) expect(Math.abs(value)).toBeLessThan(2e-2);
    const one = gradientAt([[200, 0, 0, 0, 0, 0, 0, 0, 0, 0]], [[1, 0, 0, 0, 0, 0, 0, 0, 0, 0]]);
    expect(one.loss).toBeLessThan(2e-7);
    expect(one.gradient).toEqual(new Array(10).fill(0));
  });
});
