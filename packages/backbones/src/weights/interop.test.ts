import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors, readWeights, writeKerasH5, writeSafetensors } from '@resizer-lab/layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackboneName } from '../names.ts';
import { backboneOf } from '../registry.ts';
import { exportWeights } from './export.ts';
import { importWeights } from './import.ts';
import { kerasWeights } from './keras.ts';
import type { LayoutName } from './layout.ts';
import { largestError, logitsOf } from './network.fixture.ts';

const python = process.env['RESIZER_INTEROP_PYTHON'];
const script = (name: string) => fileURLToPath(new URL(`../../interop/${name}`, import.meta.url));

const keras: readonly BackboneName[] = [
  'densenet121',
  'resnet50',
  'mobilenetv2_1.0',
  'mobilenetv2_0.35',
  'efficientnetb0',
];
const torch: readonly [BackboneName, LayoutName][] = [
  ['efficientnetb0', 'timm-tf'],
  ['efficientnet_lite0', 'timm-tf'],
  ['densenet121', 'timm'],
  ['efficientnetb0', 'transformers'],
  ['mobilenetv2_1.0', 'transformers'],
  ['mobilenetv2_0.35', 'transformers'],
];

/** Of logits, in standard deviations: what another order of float32 sums makes of a hundred layers. */
const LIMIT = 1e-4;

describe.skipIf(!python)('in other projects (RESIZER_INTEROP_PYTHON, see interop/README.md)', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'interop-'));
    run('make.py');
  }, 600_000);
  afterAll(() => rm(folder, { recursive: true }));

  function run(name: string): string {
    const { status, stdout, stderr } = spawnSync(python ?? '', [script(name), folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr.slice(-2000)}`);
    return stdout;
  }

  /** Reads a file, compares logits with those of its project, and gives the weights. */
  async function read(
    name: BackboneName,
    { file, golden }: { file: string; golden: string },
    layout?: LayoutName,
  ) {
    const source = join(folder, file);
    const backbone = backboneOf(name);
    const imported = importWeights(backbone, await readWeights(source), {
      source,
      ...(layout === 'timm-tf' ? { layout } : {}),
    });
    expect(imported.layout?.name).toBe(layout);
    const { tensors } = await readSafetensors(join(folder, golden));
    const logits = logitsOf(backbone, imported, tensors.get('images')!);
    const error = largestError(logits, tensors.get('logits')!.data as Float32Array);
    console.log(`${file}: ${error.toExponential(1)}`);
    expect(error, file).toBeLessThan(LIMIT);
    return { backbone, weights: imported.weights };
  }

  it.each(keras)('%s gives the logits of Keras, from both of its formats', async (name) => {
    const golden = `${name}.keras.golden.safetensors`;
    const released = await read(name, { file: `${name}.keras.h5`, golden });
    const { backbone, weights } = await read(name, { file: `${name}.keras.weights.h5`, golden });
    expect([...weights.keys()]).toEqual([...released.weights.keys()]);
    await writeKerasH5(join(folder, `${name}.keras.ours.weights.h5`), kerasWeights(backbone, weights));
  });

  it.each(torch)('%s gives the logits of PyTorch, from %s', async (name, layout) => {
    const stem = `${name}.${layout}`;
    const files = { file: `${stem}.safetensors`, golden: `${stem}.golden.safetensors` };
    const { backbone, weights } = await read(name, files, layout);
    await writeSafetensors(
      join(folder, `${stem}.ours.safetensors`),
      exportWeights(backbone, weights, layout),
    );
  });

  it('writes what the projects load, to the same logits', () => {
    console.log(run('check.py'));
  }, 600_000);
});
