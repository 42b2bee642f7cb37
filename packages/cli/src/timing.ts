import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BackboneName, backboneNames, backboneOf, preprocess } from '@resizer-lab/backbones';
import { createLoader } from '@resizer-lab/datasets';
import { compile, globalAveragePool, toFloat, uint8 } from '@resizer-lab/engine';
import { dense, initialValues, multiplyAddsOf, parametersOf } from '@resizer-lab/layers';
import { applyResizer } from '@resizer-lab/resizer';
import { openPhotos } from '@resizer-lab/study';
import { classObjective, type Network, predictStep, trainStep, variableShapes } from '@resizer-lab/training';
import type { Photos, TimedPart } from './duration.ts';

/** Work long enough to be timed, short enough to be waited for. */
const MIN_SECONDS = 1;
const OUTPUTS = 10;

/** Seconds from the start of a cell's process until it looks at its folder; here it finds no cell. */
export async function timeProcess(bin: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'resizer-plan-'));
  try {
    const began = performance.now();
    const child = spawn(process.execPath, [bin, 'cell', folder], { stdio: 'ignore' });
    await once(child, 'close');
    return secondsSince(began);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Photos per second of a loader's thread, without what the photo cache keeps from epoch to epoch. */
export async function timePhotos({ dataset, transform, size }: Photos, dataRoot: string): Promise<number> {
  const loader = createLoader(await openPhotos(dataset, dataRoot), {
    ...{ split: 'train', batch: 1, size: [size, size], transform, seed: 0, shuffle: true },
  });
  try {
    // The thread starts with the first.
    const first = loader.epoch(0);
    await first.next();
    await first.return?.();
    const began = performance.now();
    let photos = 0;
    for (let epoch = 1; secondsSince(began) < MIN_SECONDS; epoch++) {
      for await (const { indices } of loader.epoch(epoch)) {
        photos += indices.length;
        if (secondsSince(began) > MIN_SECONDS) break;
      }
    }
    return photos / secondsSince(began);
  } finally {
    await loader.close();
  }
}

/**
 * Floating-point operations per second in training steps of a part of a network, counted as `plan`
 * counts them (three forward passes a step); and the seconds that it takes to be compiled and to make
 * its first step and its first predictions, which lay out its memory.
 */
export function timePart({ part, side, batch }: TimedPart): { flops: number; starting: number } {
  const began = performance.now();
  const network = networkOf(part, side);
  const input = uint8(batch, side, side, 3);
  const logits: (...given: Parameters<Network>) => ReturnType<Network> = (net, images) =>
    network(net, toFloat(images));
  const parameters = parametersOf(logits, [input]);
  const trained = [...parameters.values()].filter(({ trainable }) => trainable).map(({ name }) => name);
  const shapes = variableShapes(parameters, trained);
  const shape = { batch, size: [side, side] as const };
  const objective = classObjective({ labelSmoothing: 0 });
  const program = compile(shapes, {
    predict: predictStep(network, shape),
    train: trainStep(network, { ...shape, objective, momentum: 0.9, trained }),
  });
  try {
    program.assign(initialValues(parameters, 0));
    const images = Uint8Array.from({ length: batch * side * side * 3 }, (_, i) => (i * 7919) % 256);
    const labels = Int32Array.from({ length: batch }, (_, i) => i % OUTPUTS);
    const step = () => program.run('train', { images, labels, rate: 1e-3 });
    step();
    program.run('predict', { images });
    const starting = secondsSince(began);
    const perStep = 2 * 3 * multiplyAddsOf(logits, [input]);
    return { flops: perStep * perSecond(step), starting };
  } finally {
    program.dispose();
  }
}

function networkOf(part: string, side: number): Network {
  const name = backboneNames.find((candidate): candidate is BackboneName => candidate === part);
  if (name === undefined) {
    const target = Math.round(side / 3);
    return (net, images) => {
      const resized = applyResizer(net, images, { resizer: { kind: 'learned' }, target: [target, target] });
      return dense(net, 'head', globalAveragePool(resized), { units: OUTPUTS });
    };
  }
  const backbone = backboneOf(name);
  return (net, images) =>
    backbone.head(net, backbone.features(net, preprocess(images, backbone.preprocessing)), OUTPUTS);
}

function perSecond(work: () => void): number {
  const began = performance.now();
  let times = 0;
  for (; secondsSince(began) < MIN_SECONDS; times++) work();
  return times / secondsSince(began);
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1000;
}
