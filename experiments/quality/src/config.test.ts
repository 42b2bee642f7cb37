import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '@resizer-lab/base';
import { expand, loadConfigs } from '@resizer-lab/suite';
import { describe, expect, it } from 'vitest';
import { cellsOf, photosOf } from './cells.ts';
import { cellSchema } from './config.ts';
import { quality } from './index.ts';
import { configOf } from './testing.fixture.ts';

async function refusal(from: string, to: string): Promise<string> {
  const error = await configOf({ [from]: to }).catch((reason: unknown) => reason);
  if (!(error instanceof UserError)) throw new Error(`${to}: not refused`);
  expect(error.exitCode).toBe(2);
  return error.message;
}

const table = 'tables: { train: train.csv, test: test.csv }';
const score = 'score: { column: mean, scale: [0, 100] }';

describe('a config', () => {
  it('names the photos and their scores; the loss is the distance of r = 2', async () => {
    const config = await configOf();
    expect(photosOf(config)).toEqual({
      kind: 'scores',
      path: 'photos',
      tables: { train: 'train.csv', test: 'test.csv' },
      photo: 'name',
      score: { column: 'mean', scale: [0, 100] },
    });
    expect(config.training.emd).toBe(2);
    const drawn = await configOf({ [table]: 'tables: { file: all.csv, testShare: 0.2 }' });
    expect(photosOf(drawn)).toMatchObject({ tables: { file: 'all.csv', testShare: 0.2, seed: 0 } });
    const votes = await configOf({ [score]: 'score: { votes: [c1, c2, c3] }' });
    expect(photosOf(votes)).toMatchObject({ score: { votes: ['c1', 'c2', 'c3'] } });
  });

  it('names AVA in a word', async () => {
    const scores = ['  kind: scores', '  path: photos', `  ${table}`, '  photo: name', `  ${score}`].join(
      '\n',
    );
    const config = await configOf({ [`data:\n${scores}`]: 'data: { kind: ava }' });
    expect(photosOf(config)).toEqual({ kind: 'ava', path: 'ava' });
  });

  it.each([
    [table, 'tables: { file: all.csv, testShare: 1 }', /tables/],
    [score, 'score: { column: mean, scale: [5, 5] }', /must rise, such as \[0, 1\]/],
    [score, 'score: { votes: [c1] }', /score/],
    ['path: photos', 'path: ../photos', /data\.path: .*without "\.\."/],
    ['batch: 8', 'batch: 8, emd: 3', /training\.emd/],
    ['control: bicubic', 'expect: tie', /no paired control/],
  ])('is refused with %s changed to %s', async (from, to, message) => {
    expect(await refusal(from, to)).toMatch(message);
  });
});

describe('the cells of a config', () => {
  it('are a baseline from published weights, and arms from it that differ in their resizer', async () => {
    const cells = cellsOf(await configOf(), [3]);
    expect(cells.map(({ id }) => id)).toEqual(
      ['baseline', 'bicubic', 'learned'].map((arm) => `mobilenetv2_0.35/${arm}/seed3`),
    );
    const [baseline, control, learned] = cells;
    expect(baseline!.data).toEqual(['photos', 'weights mobilenet.safetensors']);
    expect(baseline!.config.start).toEqual([{ part: 'backbone', weights: 'mobilenet.safetensors' }]);
    expect(learned!.controls).toEqual([control!.id]);
    const own = { resizer: 0, arm: 0, control: 0 };
    expect({ ...control!.config, ...own }).toEqual({ ...learned!.config, ...own });
    // As it will be read back in the cell's process.
    expect(cellSchema.parse(JSON.parse(JSON.stringify(learned!.config)))).toEqual(learned!.config);
  });
});

describe('the configs that come with the project', () => {
  it('are right, and each stands for a suite', async () => {
    const folder = fileURLToPath(new URL('../../../configs', import.meta.url));
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.yaml'));
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    const own = names.filter((_, i) => texts[i]!.includes('\nstudy: quality\n'));
    expect(own).toEqual(
      expect.arrayContaining(['smoke/quality-positive.yaml', 'mini/quality.yaml', 'paper/quality.yaml']),
    );
    const files = own.map((name) => join(folder, name));
    for (const { config, seeds, file } of await loadConfigs(files, [quality])) {
      const specs = quality.cells(config as never, seeds);
      const hashes = Object.fromEntries(specs.flatMap(({ data }) => data).map((role) => [role, role]));
      expect(expand(specs, { study: 'quality', hashes, file }).length).toBeGreaterThanOrEqual(3);
    }
  });
});
