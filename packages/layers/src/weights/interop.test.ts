import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '@resizer-lab/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readKerasH5 } from './keras-reader.ts';
import { kerasNames } from './keras-variables.ts';
import { writeKerasH5 } from './keras-writer.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import type { Weights, WeightTensor } from './tensor.ts';
import { fixture, fixtureWeights, sorted } from './testing.ts';

const python = process.env['RESIZER_INTEROP_PYTHON'];
const script = (name: string) => fileURLToPath(new URL(`../../interop/${name}`, import.meta.url));
/** Millions of numbers, for comparison. */
const digests = (weights: Weights) =>
  sorted(weights).map(([name, { shape, data }]) => [
    name,
    shape,
    sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);
const applications = ['MobileNetV2', 'EfficientNetB0', 'ResNet50', 'DenseNet121'];

it('reads the safetensors that PyTorch wrote', async () => {
  const { tensors } = await readSafetensors(fixture('torch.safetensors'));
  expect(tensors.get('step')).toEqual({ shape: [], data: BigInt64Array.of(2n ** 40n + 1n) });
  tensors.delete('step');
  expect(sorted(tensors)).toEqual(sorted(fixtureWeights()));
});

describe.skipIf(!python)('with the tools themselves (RESIZER_INTEROP_PYTHON, see interop/README.md)', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'interop-'));
    run('make.py', folder, '--applications');
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true }));

  const run = (name: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(python ?? '', [script(name), ...args], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr.slice(-2000)}`);
    return stdout;
  };

  it('reads all Keras Applications, and Keras and safetensors read what is written here', async () => {
    for (const name of applications) {
      const keras3 = await readKerasH5(join(folder, `${name}.weights.h5`));
      const wanted = [...keras3].map(([weight, { shape }]) => ({ name: weight, shape }));
      // The layout of the releases keeps the order of the layers, which Keras 3 needs.
      const released = kerasNames(await readKerasH5(join(folder, `${name}.h5`)), wanted);
      expect(digests(released)).toEqual(digests(keras3));
      await writeKerasH5(join(folder, `${name}_ours.weights.h5`), released);
    }
    await writeKerasH5(join(folder, 'ours.weights.h5'), fixtureWeights());
    const step = { shape: [], data: BigInt64Array.of(2n ** 40n + 1n) };
    await writeSafetensors(
      join(folder, 'ours.safetensors'),
      new Map<string, WeightTensor>([...fixtureWeights(), ['step', step]]),
    );
    expect(run('check.py', folder)).toContain('ok');
  }, 300_000);
});
