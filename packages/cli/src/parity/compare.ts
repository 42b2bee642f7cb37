import type { Fixture, FixtureCase, FixturePass } from './fixture.ts';
import type { CaseResult, PassResult } from './run.ts';

/** One comparison: how far off, and how far it may be. */
export interface Comparison {
  what: string;
  error: number;
  limit: number;
}

const l2Of = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
const meanOf = (values: Float32Array) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** √(mean (ours − theirs)²) / rms */
function sampleError(ours: readonly number[], theirs: readonly number[], rms: number): number {
  const squares = theirs.map((value, i) => (value - ours[i]!) ** 2);
  return Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length) / rms;
}

interface Golden {
  what: string;
  /** Values the fixture stores, and ours at the same places. */
  theirs: readonly number[];
  ours: readonly number[];
  mean: number;
  l2: number;
}

/** A whole tensor by its stored values, its mean and its norm, all relative to its rms. */
function tensorComparisons(golden: Golden, values: Float32Array, limit: number): Comparison[] {
  const { what, theirs, ours, mean, l2 } = golden;
  const rms = l2 / Math.sqrt(values.length);
  return [
    { what: `${what} values`, error: sampleError(ours, theirs, rms), limit },
    { what: `${what} mean`, error: Math.abs(meanOf(values) - mean) / rms, limit },
    { what: `${what} l2`, error: Math.abs(l2Of(values) - l2) / l2, limit },
  ];
}

const firstOfRows = (values: Float32Array, rows: number, count: number) =>
  Array.from({ length: rows }, (_, row) => {
    const start = (row * values.length) / rows;
    return [...values.slice(start, start + count)];
  }).flat();

/** The outputs of one pass. Limits: ten times what float32 itself moves them. */
function passComparisons(what: string, golden: FixturePass, result: PassResult): Comparison[] {
  const limit = 10 * golden.noise;
  const comparisons: Comparison[] = [];
  for (const [name, rows] of [
    ['logits', golden.logits],
    ['pooled', golden.pooled],
  ] as const) {
    if (!rows) continue;
    const values = result.outputs[name]!;
    const ours = firstOfRows(values, rows.length, rows[0]!.length);
    const mean = golden[`${name}_mean`]!;
    const l2 = golden[`${name}_l2`]!;
    comparisons.push(
      ...tensorComparisons({ what: `${what} ${name}`, theirs: rows.flat(), ours, mean, l2 }, values, limit),
    );
  }
  if (golden.output_l2 !== undefined) {
    const values = result.outputs['output']!;
    const step = golden.sample_step ?? 1;
    const theirs = golden.output ?? golden.sample!;
    const ours = theirs.map((_, i) => values[i * step]!);
    const numbers = { mean: golden.output_mean!, l2: golden.output_l2 };
    comparisons.push(
      ...tensorComparisons({ what: `${what} output`, theirs, ours, ...numbers }, values, limit),
    );
  }
  for (const activation of golden.activations) {
    const values = result.activations.get(activation.name);
    if (!values) continue;
    const ours = activation.sample.map(
      (_, j) => values[Math.floor((j * values.length) / activation.sample.length)]!,
    );
    const numbers = { theirs: activation.sample, ours, mean: activation.mean, l2: activation.l2 };
    comparisons.push(...tensorComparisons({ what: `${what} ${activation.name}`, ...numbers }, values, limit));
  }
  return comparisons;
}

/** Largest relative error of a gradient's norm that rounding explains (see the fixtures' notes on kinks). */
function gradientLimit(model: string, noise: number): number {
  if (model.startsWith('resizer')) return noise > 1e-5 ? 5e-3 : 1e-4;
  return model === 'efficientnetb0' ? 1e-3 : Math.max(4 * noise, 0.05);
}

/** Of single gradient values, this share may lie outside: a unit that crossed a kink. */
const EXCEPTIONS = 0.03;

function gradientComparisons(
  fixture: Fixture,
  golden: FixtureCase['training'],
  result: CaseResult,
): Comparison[] {
  const largest = Math.max(...golden.grads.map(({ l2 }) => l2));
  const normLimit = gradientLimit(fixture.model, golden.grad_l2_noise);
  const comparisons: Comparison[] = [];
  let values = 0;
  let outside = 0;
  const compare = (what: string, theirs: Omit<(typeof golden.grads)[number], 'name'>, ours: Float32Array) => {
    const norm = l2Of(ours);
    if (theirs.zero) {
      comparisons.push({ what: `gradient ${what}, zero in theory`, error: norm / largest, limit: 1e-4 });
      return;
    }
    comparisons.push({
      what: `gradient ${what} l2`,
      error: Math.abs(norm - theirs.l2) / theirs.l2,
      limit: normLimit,
    });
    const noise = 6 * (theirs.noise ?? 0) * (theirs.l2 / Math.sqrt(ours.length));
    const limit = Math.max(6 * (theirs.first_noise ?? 0), noise);
    theirs.first.forEach((value, i) => {
      values++;
      if (Math.abs(ours[i]! - value) > limit) outside++;
    });
  };
  for (const gradient of golden.grads) compare(gradient.name, gradient, result.gradients.get(gradient.name)!);
  compare('of the images', golden.input_grad, result.inputGradient);
  const allowed = Math.max(2, Math.ceil(EXCEPTIONS * values)) / values;
  comparisons.push({ what: 'share of gradient values outside', error: outside / values, limit: allowed });
  return comparisons;
}

function movingComparisons(golden: FixtureCase['training'], result: CaseResult): Comparison[] {
  return golden.moving.flatMap((theirs) => {
    const mean = result.moving.get(`${theirs.layer}/moving_mean`)!;
    const variance = l2Of(result.moving.get(`${theirs.layer}/moving_variance`)!);
    const rms = theirs.moving_mean_l2 / Math.sqrt(mean.length);
    const limit = Math.max(10 * golden.noise, 1e-5);
    const unbiased = theirs.moving_variance_l2_unbiased;
    return [
      { what: `${theirs.layer} moving mean`, error: sampleError([...mean], theirs.moving_mean, rms), limit },
      { what: `${theirs.layer} moving variance l2`, error: Math.abs(variance - unbiased) / unbiased, limit },
    ];
  });
}

/** Every comparison of a case. */
export function compareCase(fixture: Fixture, golden: FixtureCase, result: CaseResult): Comparison[] {
  const { loss, loss_noise } = golden.training;
  return [
    ...passComparisons('inference', golden.inference, result.inference),
    ...passComparisons('training', golden.training, result.training),
    // The loss' noise is absolute; both are put on the scale of the loss.
    { what: 'training loss', error: Math.abs(result.loss - loss) / loss, limit: (10 * loss_noise) / loss },
    ...gradientComparisons(fixture, golden.training, result),
    ...movingComparisons(golden.training, result),
  ];
}
