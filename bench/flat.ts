import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stream, UserError } from '@resizer-lab/base';
import type { Batch, Loader } from '@resizer-lab/datasets';
import { compile, float32, tf } from '@resizer-lab/engine';
import { initialValues, parametersOf } from '@resizer-lab/layers';
import { classObjective, train, trainStep, variableShapes } from '@resizer-lab/training';
import { during, terminal } from '../packages/engine/provision/terminal.mjs';
import { command } from './src/command.ts';
import { growthOf, type Held, heldTable } from './src/growth.ts';
import { networkOf } from './src/network.ts';

const usage = `Usage: npm run bench:flat

Makes 1,000 training steps of the resizer (64 → 32 px) and MobileNet-v2, batch 4, in the product's own loop,
with a checkpoint every 100 steps, and prints what the process holds on the way. Ends with exit code 1 when
a tensor stays behind or memory grows. About a minute.
`;

const MODEL = 'mobilenetv2_1.0';
const CLASSES = 10;
const BATCH = 4;
const INPUT = 64;
const TARGET = 32;
const STEPS = 1000;
const EPOCH = 100;
const looked = new Set([10, 100, 250, 500, STEPS]);

const network = networkOf({ model: MODEL, classes: CLASSES, size: TARGET, resizer: {} });

/** Photos of noise. Like a real loader's, each batch is new memory. */
const loader: Loader = {
  steps: EPOCH,
  async *epoch(epoch) {
    for (let step = 0; step < EPOCH; step++) yield await Promise.resolve(noise(epoch * EPOCH + step));
  },
  close: () => Promise.resolve(),
};

function noise(step: number): Batch {
  const random = stream(1, 'noise', step);
  const indices = Int32Array.from({ length: BATCH }, (_, i) => i);
  return {
    images: Uint8Array.from({ length: BATCH * INPUT * INPUT * 3 }, () => random.integer(256)),
    labels: indices.map(() => random.integer(CLASSES)),
    scores: new Float32Array(BATCH * 10),
    mask: new Float32Array(BATCH).fill(1),
    indices,
  };
}

/** What the process held at the steps that are looked at. */
async function trained(directory: string, onStep: (text: string) => void): Promise<Held[]> {
  const parameters = parametersOf(network, [float32(BATCH, INPUT, INPUT, 3)]);
  const names = [...parameters.values()].filter(({ trainable }) => trainable).map(({ name }) => name);
  const shapes = variableShapes(parameters, names);
  const objective = classObjective({ labelSmoothing: 0.1 });
  const size = [INPUT, INPUT] as const;
  const program = compile(shapes, {
    train: trainStep(network, { batch: BATCH, size, objective, momentum: 0.9, trained: names }),
  });
  program.assign(initialValues(parameters, 1));
  const samples: Held[] = [];
  await train({
    ...{ program, shapes, loader, objective, seed: 1, directory },
    duration: { steps: STEPS },
    checkpointEvery: { steps: EPOCH },
    schedule: { rate: 0.001, decay: { factor: 1, everyEpochs: 1 } },
    evaluate: () => Promise.resolve({}),
    photoNames: (indices) => [...indices].map(String),
    onProgress({ step }) {
      if (!looked.has(step)) return;
      samples.push({ step, memory: process.memoryUsage.rss(), tensors: tf.memory().numTensors });
      onStep(`step ${step} of ${STEPS}`);
    },
  });
  program.dispose();
  return samples;
}

/** @throws UserError when something grows */
async function bench(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'resizer-bench-'));
  try {
    const samples = await during(terminal(), `${STEPS} training steps`, (update) =>
      trained(directory, update),
    );
    process.stdout.write(`${heldTable(samples).join('\n')}\n`);
    const growth = growthOf(samples);
    if (growth.length > 0) throw new UserError(`Not flat: ${growth.join('; ')}.`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await command(async () => {
  const { values } = parseArgs({ options: { help: { type: 'boolean', default: false } } });
  if (values.help) process.stdout.write(usage);
  else await bench();
});
