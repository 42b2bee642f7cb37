import type { Batch, Loader } from '@resizer-lab/datasets';
import {
  compile,
  EagerVariables,
  type Tensor,
  type Tensor2D,
  tf,
  valueAndGradients,
} from '@resizer-lab/engine';
import { dense } from '@resizer-lab/layers';
import { afterAll, describe, expect, it } from 'vitest';
import { classObjective, crossEntropy, type Network, slotOf, trainStep } from './index.ts';
import { BATCH, network, objective, openPictures, toy, trainLoader } from './toy.fixture.ts';

describe('label-smoothed cross entropy', () => {
  // NumPy 2.4, float64: -(t * log_softmax(z)).sum(1).mean() of scipy.special 1.17, t = onehot (1 - s) + s/3.
  const goldens = [
    {
      smoothing: 0,
      loss: 54.77802816317432,
      first: [-0.07146765513690805, 0.013037524423562485],
      last: -1 / 3,
    },
    {
      smoothing: 0.1,
      loss: 52.08636149650764,
      first: [-0.049245432914685826, 0.0019264133124513745],
      last: -0.28 / 0.9,
    },
    {
      smoothing: 0.5,
      loss: 41.31969482984098,
      first: [0.03964345597420308, -0.04251803113199307],
      last: -0.2 / 0.9,
    },
  ];

  it.each(goldens)('and its gradient, smoothing $smoothing, also for logits that overflow exp', (golden) => {
    const logits = tf.tensor2d([2, -1, 0.5, 0.25, 0.5, -3, 80, -80, 0], [3, 3]);
    const labels = tf.tensor1d([0, 2, 1], 'int32');
    const { value, gradients } = valueAndGradients(
      () => crossEntropy(logits, labels, golden.smoothing),
      [logits],
    );
    expect(value.dataSync()[0]! / golden.loss).toBeCloseTo(1, 6);
    const gradient = gradients[0]!.dataSync();
    golden.first.forEach((theirs, i) => expect(gradient[i]).toBeCloseTo(theirs, 6));
    expect(gradient[7]).toBeCloseTo(golden.last, 6);
  });
});

const unsmoothed = classObjective({ labelSmoothing: 0 });

describe('a training step', async () => {
  const loader = trainLoader(await openPictures(), 1);
  afterAll(() => loader.close());

  it('computes compiled what it computes op by op; only what is trained has moved', async () => {
    const frozen = ['conv/kernel', 'bn/beta'];
    const { program, shapes, start, parameters } = toy({ frozen, batchNormMomentum: 0.7 });
    const trained = [...shapes.keys()].filter((name) => shapes.has(slotOf(name)));
    expect(trained).toEqual(['bn/gamma', 'head/kernel', 'head/bias']);
    const options = { batch: BATCH, size: [12, 12] as const, objective, momentum: 0.9, trained };
    const { body } = trainStep(network, { ...options, batchNormMomentum: 0.7 });
    const eager = new EagerVariables(
      new Map([...start].map(([name, data]) => [name, { shape: shapes.get(name)!, data }])),
    );
    program.assign(start);
    for (const { images, labels } of await batchesOf(loader)) {
      const loss = program.run('train', { images, labels, rate: 0.1 })['loss']![0]!;
      const expected = tf.tidy(() => {
        const inputs: Record<string, Tensor> = {
          images: tf.tensor4d(images, [BATCH, 12, 12, 3], 'int32'),
          labels: tf.tensor1d(labels, 'int32'),
          rate: tf.scalar(0.1),
        };
        return body(inputs, eager)['loss']!.dataSync()[0]!;
      });
      eager.commit();
      expect(loss).toBeCloseTo(expected, 5);
    }
    const after = program.read();
    for (const [name, values] of after) {
      const reference = eager.read(name).dataSync();
      values.forEach((value, i) => expect(value).toBeCloseTo(reference[i]!, 4));
      const isStill = Buffer.from(values.buffer).equals(Buffer.from(start.get(name)!.buffer));
      expect(`${name} ${isStill}`).toBe(`${name} ${frozen.includes(name)}`);
    }
    expect(parameters.size + trained.length).toBe(after.size);
    eager.dispose();
    program.dispose();
  });

  it('moves weights by SGD with momentum: velocity ← m · velocity + gradient, weight ← weight − rate · velocity', () => {
    // A linear softmax classifier of one pixel: its gradient is xᵀ(softmax − onehot)/batch in closed form.
    const linear: Network = (net, images) =>
      dense(net, 'head', images.reshape<Tensor2D>([2, 3]), { units: 2 });
    const shapes = new Map<string, readonly number[]>(
      ['head/kernel', slotOf('head/kernel')].map((name) => [name, [3, 2]]),
    ).set('head/bias', [2]);
    const trained = ['head/kernel'];
    const shape = { batch: 2, size: [1, 1] as const };
    const train = trainStep(linear, { ...shape, objective: unsmoothed, momentum: 0.8, trained });
    const program = compile(shapes, { train });
    const x = [3, 0, 1, 2, 5, 4];
    const labels = Int32Array.of(0, 1);
    const weights = [0.1, -0.2, 0.3, 0, 0.05, 0.15];
    const velocity = weights.map(() => 0);
    program.assign(
      new Map([
        ['head/kernel', Float32Array.from(weights)],
        [slotOf('head/kernel'), new Float32Array(6)],
        ['head/bias', new Float32Array(2)],
      ]),
    );
    for (const rate of [0.1, 0.1, 0.03, 0.2]) {
      const gradient = weights.map(() => 0);
      let loss = 0;
      for (const row of [0, 1]) {
        const z = [0, 1].map((k) =>
          [0, 1, 2].reduce((sum, i) => sum + x[row * 3 + i]! * weights[i * 2 + k]!, 0),
        );
        const total = z.reduce((sum, v) => sum + Math.exp(v), 0);
        loss += (Math.log(total) - z[labels[row]!]!) / 2;
        for (let i = 0; i < 6; i++) {
          const [from, k] = [Math.floor(i / 2), i % 2];
          const error = Math.exp(z[k]!) / total - (labels[row] === k ? 1 : 0);
          gradient[i]! += (x[row * 3 + from]! * error) / 2;
        }
      }
      const ours = program.run('train', { images: Uint8Array.from(x), labels, rate })['loss']![0]!;
      expect(ours).toBeCloseTo(loss, 5);
      weights.forEach((_, i) => {
        velocity[i] = 0.8 * velocity[i]! + gradient[i]!;
        weights[i]! -= rate * velocity[i];
      });
    }
    program
      .read(['head/kernel'])
      .get('head/kernel')!
      .forEach((w, i) => expect(w).toBeCloseTo(weights[i]!, 5));
    program.dispose();
  });

  it('brings the loss down', async () => {
    const { program, start } = toy({ objective: unsmoothed });
    program.assign(start);
    const losses: number[] = [];
    for (let epoch = 0; epoch < 20; epoch++) {
      for (const { images, labels } of await batchesOf(loader, epoch)) {
        losses.push(program.run('train', { images, labels, rate: 0.05 })['loss']![0]!);
      }
    }
    program.dispose();
    expect(losses[0]).toBeGreaterThan(0.5);
    expect(Math.max(...losses.slice(-4))).toBeLessThan(0.35);
  });

  it('refuses to train a parameter that the loss does not depend on', () => {
    const idle: Network = (net, images) => {
      net.parameter('idle', { shape: [], trainable: true, initial: () => new Float32Array(1) });
      return network(net, images);
    };
    const { shapes } = toy();
    const all = new Map(shapes).set('idle', []).set(slotOf('idle'), []);
    const options = {
      batch: BATCH,
      size: [12, 12] as const,
      objective: unsmoothed,
      momentum: 0.9,
      trained: ['idle'],
    };
    expect(() => compile(all, { train: trainStep(idle, options) })).toThrow(
      'does not depend on the parameter idle',
    );
  });
});

async function batchesOf(loader: Loader, epoch = 0): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(epoch)) batches.push(batch);
  return batches;
}
