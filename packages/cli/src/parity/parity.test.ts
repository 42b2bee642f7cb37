import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  resize,
  softmaxCrossEntropy,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tf,
  valueAndGradients,
} from '@resizer-lab/engine';
import { crossEntropy } from '@resizer-lab/training';
import { describe, expect, it } from 'vitest';
import type { Fixture } from './fixture.ts';
import { imageValues, uniforms, weightValues } from './formula.ts';
import { parity } from './index.ts';

const fixtures = join(process.env['RESIZER_DATA'] ?? 'RESIZER_DATA is not set', '../fixtures');
const absent = !existsSync(join(fixtures, 'ops.json'));
const title = (name: string) => (absent ? `${name} (skipped: no fixtures beside RESIZER_DATA)` : name);

interface ResizeGolden {
  name: string;
  x: string;
  dy?: string;
  x_shape: [number, number, number, number];
  target: [number, number];
  method?: 'bilinear' | 'bicubic';
  y: number[];
  y_exact?: number[];
  dx?: number[];
}

interface LossGolden {
  logits: string;
  logits_scale: number;
  shape: [number, number];
  labels: number[];
  smoothing: number;
  loss: number;
  /** Not stored for 1000 classes. */
  dlogits?: number[];
}

interface Ops {
  seed: number;
  bilinear: ResizeGolden[];
  bicubic: ResizeGolden[];
  antialias: ResizeGolden[];
  label_smoothed_ce: LossGolden[];
}

const largestDifference = (tensor: Tensor, golden: readonly number[]) => {
  const values = tensor.dataSync() as Float32Array;
  expect(values.length).toBe(golden.length);
  return Math.max(...golden.map((value, i) => Math.abs(value - values[i]!)));
};

it('makes the numbers that the fixtures are defined by', () => {
  // From the definition's own check values.
  expect([...uniforms(1, 'input', 2)]).toEqual([0.7990600620396435, 0.668580315541476]);
  const kernel = weightValues(1, { name: 'conv1_conv/kernel', shape: [7, 7, 3, 64] }, 1);
  expect(kernel[0]).toBe(Math.fround(0.1864597201347351));
  expect(imageValues(1, [1])[0]).toBe(Math.fround(2 * 0.7990600620396435 - 1));
});

describe.skipIf(absent)(title('ops against golden numbers of Keras and NumPy'), () => {
  const ops = absent ? undefined : (JSON.parse(readFileSync(join(fixtures, 'ops.json'), 'utf8')) as Ops);
  const tensorOf = (name: string, shape: readonly number[], scale = 1) => {
    const values = Float32Array.from(
      uniforms(
        ops!.seed,
        name,
        shape.reduce((a, b) => a * b, 1),
      ),
      (u) => scale * (2 * u - 1),
    );
    return tf.tensor(values, [...shape]);
  };

  it.each(ops?.bilinear ?? [])('$name, forward and gradient', (golden) => {
    const x = tensorOf(golden.x, golden.x_shape) as Tensor4D;
    const dy = tensorOf(golden.dy!, [golden.x_shape[0], ...golden.target, golden.x_shape[3]]);
    const { gradients } = valueAndGradients(() => tf.sum(tf.mul(resize(x, golden.target), dy)), [x]);
    expect(largestDifference(resize(x, golden.target), golden.y)).toBeLessThan(1e-6);
    expect(largestDifference(gradients[0]!, golden.dx!)).toBeLessThan(2e-6);
  });

  it.each([
    ...(ops?.bicubic ?? []).map((golden) => ({ ...golden, ours: 'bicubic' as const })),
    ...(ops?.antialias ?? [])
      .filter(({ method }) => method === 'bilinear')
      .map((golden) => ({ ...golden, ours: 'bilinear-antialias' as const })),
  ])('$name', ({ x, x_shape, target, y, y_exact, ours }) => {
    const resized = resize(tensorOf(x, x_shape) as Tensor4D, target, ours);
    expect(largestDifference(resized, y_exact ?? y)).toBeLessThan(2e-6);
  });

  it.each(ops?.label_smoothed_ce ?? [])(
    '$logits',
    ({ logits, logits_scale, shape, labels, smoothing, ...golden }) => {
      const x = tensorOf(logits, shape, logits_scale) as Tensor2D;
      const { value, gradients } = valueAndGradients(
        () => crossEntropy(x, tf.tensor1d(labels, 'int32'), smoothing),
        [x],
      );
      expect(largestDifference(value, [golden.loss])).toBeLessThan(1e-6 * golden.loss);
      if (golden.dlogits) expect(largestDifference(gradients[0]!, golden.dlogits)).toBeLessThan(2e-6);
    },
  );
});

it('finds a resizer within the limits, and each changed number outside of them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parity-'));
  const text = readFileSync(join(import.meta.dirname, 'fixtures/resizer_n4_r1.json'), 'utf8');
  const failures = (change: (golden: Fixture['cases'][number]) => void) => {
    const fixture = JSON.parse(text) as Fixture;
    change(fixture.cases[0]!);
    writeFileSync(join(folder, 'fixture.json'), JSON.stringify(fixture));
    const reports = [...parity(folder)];
    expect(reports.map((report) => report.case)).toEqual(['2×12×10×3 → 5×6', '2×5×4×3 → 7×8']);
    expect(reports[1]!.failed).toEqual([]);
    return reports[0]!.failed.map(({ what }) => what);
  };
  expect(failures(() => undefined)).toEqual([]);
  expect(failures(({ inference }) => (inference.output![5]! += 1e-2))).toEqual(['inference output values']);
  expect(failures(({ training }) => (training.loss *= 1.001))).toEqual(['training loss']);
  expect(failures(({ training }) => (training.grads[0]!.l2 *= 1.001))).toEqual([
    'gradient resizer/conv_in_7x7/kernel l2',
  ]);
  expect(failures(({ training }) => (training.moving[0]!.moving_mean_l2 *= 1.001))).toEqual([]);
  expect(failures(({ training }) => (training.moving[0]!.moving_mean[1]! += 1e-3))).toEqual([
    'resizer/bn_in moving mean',
  ]);
  rmSync(folder, { recursive: true });
});

it('says what is wrong with a folder or a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parity-'));
  expect(() => [...parity(folder)]).toThrow('has no fixture of a model that we have');
  expect(() => [...parity(join(folder, 'gone'))]).toThrow('cannot be read');
  writeFileSync(join(folder, 'x.json'), '{"model": "resizer_n16_r1", "seed": "one"}');
  expect(() => [...parity(folder)]).toThrow(/x\.json: seed:/);
  writeFileSync(join(folder, 'x.json'), '{');
  expect(() => [...parity(folder)]).toThrow(/x\.json is not JSON/);
  rmSync(folder, { recursive: true });
});

it('softmaxCrossEntropy takes soft targets', () => {
  const loss = softmaxCrossEntropy(tf.tensor2d([[0, Math.log(3)]]), tf.tensor2d([[0.25, 0.75]]));
  // −¼ log ¼ − ¾ log ¾
  expect(largestDifference(loss, [0.5623351446188083])).toBeLessThan(1e-6);
});
