import { mkdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { type BackboneName, backboneNames, backboneOf, preprocess } from '@resizer-lab/backbones';
import { cacheFolder, hashOf, writeAtomically } from '@resizer-lab/base';
import { compile, engineInfo, globalAveragePool, toFloat, uint8, type Tensor4D } from '@resizer-lab/engine';
import { dense, initialValues, multiplyAddsOf, parametersOf } from '@resizer-lab/layers';
import { applyResizer } from '@resizer-lab/resizer';
import { classObjective, type Network, trainStep, variableShapes } from '@resizer-lab/training';
import { z } from 'zod';

const measurementSchema = z.strictObject({ flops: z.number().positive(), when: z.string() });

/** How fast this machine trains a part of a network. */
export interface Rate extends z.infer<typeof measurementSchema> {
  readonly part: string;
}

/** A training step long enough to be timed, short enough to be waited for. */
const BATCH = 8;
const MIN_SECONDS = 1;
const OUTPUTS = 10;

/**
 * Floating-point operations per second in training steps of each part: a backbone by its name, or
 * `resizer`. Measured once for a machine and an engine, and remembered in the user's cache.
 */
export async function ratesOf(parts: readonly string[], onMeasure: (part: string) => void): Promise<Rate[]> {
  const rates: Rate[] = [];
  for (const part of parts) {
    const file = join(cacheFolder(), 'calibration', `${hashOf({ ...place(), part, version: 1 })}.json`);
    const known = await remembered(file);
    if (known === undefined) onMeasure(part);
    const rate = known ?? { flops: measure(part), when: new Date().toISOString() };
    if (known === undefined) await remember(file, rate);
    rates.push({ part, ...rate });
  }
  return rates;
}

/** What a rate depends on beside the part. */
function place(): Record<string, string | number> {
  const { tensorflow, device } = engineInfo;
  const threads = process.env['TF_NUM_INTRAOP_THREADS'] ?? '';
  return { processor: machine(), cores: cpus().length, tensorflow, device, threads };
}

/** What the rates were measured on, in words. */
export function machine(): string {
  return cpus()[0]?.model ?? 'an unknown processor';
}

async function remembered(file: string): Promise<z.infer<typeof measurementSchema> | undefined> {
  try {
    return measurementSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    // Not there, or not ours: it is measured again.
    return undefined;
  }
}

/** A cache that cannot be written costs a measurement the next time, no more. */
async function remember(file: string, rate: z.infer<typeof measurementSchema>): Promise<void> {
  const write = async () => {
    await mkdir(join(file, '..'), { recursive: true });
    await writeAtomically(file, [Buffer.from(JSON.stringify(rate))]);
  };
  await write().catch(() => undefined);
}

function networkOf(part: string): { network: Network; side: number } {
  const name = backboneNames.find((candidate): candidate is BackboneName => candidate === part);
  if (name === undefined) {
    const network: Network = (net, images) => {
      const resized = applyResizer(net, images, { resizer: { kind: 'learned' }, target: [64, 64] });
      return dense(net, 'head', globalAveragePool(resized), { units: OUTPUTS });
    };
    return { network, side: 224 };
  }
  const backbone = backboneOf(name);
  const network: Network = (net, images) =>
    backbone.head(net, backbone.features(net, preprocess(images, backbone.preprocessing)), OUTPUTS);
  return { network, side: 128 };
}

/** Floating-point operations per second, counted as `plan` counts them: three forward passes a step. */
function measure(part: string): number {
  const { network, side } = networkOf(part);
  const input = uint8(BATCH, side, side, 3);
  const logits: (...given: Parameters<Network>) => ReturnType<Network> = (net, images) =>
    network(net, toFloat(images));
  const parameters = parametersOf(logits, [input]);
  const trained = [...parameters.values()].filter(({ trainable }) => trainable).map(({ name }) => name);
  const shapes = variableShapes(parameters, trained);
  const objective = classObjective({ labelSmoothing: 0 });
  const options = { batch: BATCH, size: [side, side] as const, objective, momentum: 0.9, trained };
  const program = compile(shapes, { train: trainStep(network, options) });
  try {
    program.assign(initialValues(parameters, 0));
    const images = Uint8Array.from({ length: BATCH * side * side * 3 }, (_, i) => (i * 7919) % 256);
    const labels = Int32Array.from({ length: BATCH }, (_, i) => i);
    const step = () => program.run('train', { images, labels, rate: 1e-3 });
    // The first step makes plans and memory.
    step();
    const began = performance.now();
    let steps = 0;
    for (; performance.now() - began < 1000 * MIN_SECONDS; steps++) step();
    const seconds = (performance.now() - began) / 1000;
    const perStep = 2 * 3 * multiplyAddsOf((net, photos: Tensor4D) => logits(net, photos), [input]);
    return (steps * perStep) / seconds;
  } finally {
    program.dispose();
  }
}
