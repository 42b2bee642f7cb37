import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import { compile } from '@resizer-lab/engine';
import { writeSafetensors } from '@resizer-lab/layers';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { restoreState, saveState, verifyState } from './state.ts';

const folder = mkdtempSync(join(tmpdir(), 'state-'));
const path = join(folder, 'step.safetensors');
const shapes = new Map<string, readonly number[]>([
  ['kernel', [2, 3]],
  ['kernel/momentum', [2, 3]],
  ['scale', []],
]);
const program = compile(shapes, {});
const position = { step: 7, seed: 1, metricsLines: 9 };
const sizes = [6, 6, 1];
const bits = (values: ReadonlyMap<string, Float32Array>) =>
  [...values].map(([name, data]) => [name, Buffer.from(data.slice().buffer).toString('hex')]);
const fill = (value: number) =>
  new Map([...shapes.keys()].map((name, i) => [name, new Float32Array(sizes[i]!).fill(value)]));

afterAll(() => {
  program.dispose();
  rmSync(folder, { recursive: true });
});

describe('the state of a run', () => {
  it('comes back with the same bits, whatever they are', async () => {
    const array = (length: number) => fc.float32Array({ minLength: length, maxLength: length });
    await fc.assert(
      fc.asyncProperty(fc.tuple(array(6), array(6), array(1)), async (arrays) => {
        const values = new Map([...shapes.keys()].map((name, i) => [name, Float32Array.from(arrays[i]!)]));
        program.assign(values);
        await saveState(path, program, { shapes, position });
        program.assign(fill(0));
        expect(await restoreState(path, program, shapes)).toEqual(position);
        expect(bits(program.read())).toEqual(bits(values));
      }),
      {
        numRuns: 40,
        examples: [
          [
            [
              Float32Array.of(-0, 1e-45, NaN, Infinity, -Infinity, 3.4e38),
              new Float32Array(6),
              Float32Array.of(-0),
            ],
          ],
        ],
      },
    );
  });

  it('cut at any place is refused, and changes nothing', async () => {
    program.assign(fill(2));
    await saveState(path, program, { shapes, position });
    const whole = readFileSync(path);
    const cut = join(folder, 'cut.safetensors');
    for (const length of [0, 7, 8, 100, whole.length >> 1, whole.length - 1]) {
      writeFileSync(cut, whole.subarray(0, length));
      await expect(verifyState(cut)).rejects.toThrow(UserError);
      await expect(restoreState(cut, program, shapes)).rejects.toThrow(/cut\.safetensors/);
    }
    expect(bits(program.read())).toEqual(bits(fill(2)));
    await verifyState(path);
  });

  it('of another network is refused by name, and changes nothing', async () => {
    program.assign(fill(3));
    const other = new Map(shapes).set('kernel', [3, 2]);
    await saveState(path, program, { shapes, position });
    await expect(restoreState(path, program, other)).rejects.toThrow(
      /step\.safetensors does not fit this network, nothing was loaded: .*kernel \(wanted \[3, 2\], has \[2, 3\]\)/,
    );
    await expect(restoreState(path, program, new Map(shapes).set('more', [1]))).rejects.toThrow(
      /1 missing.*more/,
    );
    expect(bits(program.read())).toEqual(bits(fill(3)));
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{"step":1,"seed":1}',
    '{"step":-1,"seed":1,"metricsLines":0}',
    '{"step":"1","seed":1,"metricsLines":0}',
  ])('without a sound position is refused: %s', async (text) => {
    const tensors = new Map(
      [...shapes].map(([name, shape], i) => [name, { shape, data: new Float32Array(sizes[i]!) }]),
    );
    await writeSafetensors(path, tensors, text === '' ? {} : { 'resizer-lab.position': text });
    await expect(restoreState(path, program, shapes)).rejects.toThrow(
      new UserError(`${path} is not a checkpoint: it does not say at which step it was saved.`),
    );
  });
});
