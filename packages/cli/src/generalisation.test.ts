import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EstimateCell, Table } from '@resizer-lab/report';
import { expect, it } from 'vitest';
import { expectNoStack, ownFolder, resizer } from './testing/resizer.fixture.ts';

const cwd = ownFolder();
const [target, source] = ['mobilenetv2_0.35', 'mobilenetv2_1.0'];

const config = [
  'study: generalisation',
  'suite: tiny',
  'title: Tiny',
  'seeds: [1]',
  'task:',
  '  kind: quality',
  '  data: { kind: synthetic, version: positive, train: 16, test: 40 }',
  '  training: { batch: 8, batchNormMomentum: 0.9 }',
  'input: 48',
  'target: 16',
  `backbones: [{ name: ${target} }, { name: ${source} }]`,
  'baseline: { resizer: { kind: fixed, method: bicubic }, duration: 2 steps, rate: 0.02 }',
  'resizer: { kind: learned, filters: 4, base: bicubic }',
  'source: { duration: 1 epoch, rate: 0.01 }',
  'swap: { duration: 1 epoch, rate: 0.01 }',
  '',
].join('\n');

it('a resizer goes from one backbone that scores photos before another, to the tables', {
  timeout: 120_000,
}, async () => {
  writeFileSync(join(cwd, 'tiny.yaml'), config);
  const swaps = `${target}/{zero-shot,fine-tuned}-from-${source}/*`;
  const only = ['--only', swaps, '--only', `${target}/fixed/*`];
  const ended = await resizer(['run', 'tiny.yaml', '--jobs', '2', '--json', ...only], { cwd });
  expectNoStack(ended);
  expect(ended.code, ended.stderr).toBe(0);
  // Two baselines, the source's own resizer, the fixed one, and the two swaps; one of which is not trained.
  expect(ended.stderr.match(/ {2}took /g)).toHaveLength(6);
  expect(ended.stderr).toMatch(/\/zero-shot-from-\S+ {2}done {2}took \d+:\d\d\n/);

  const tables = new Map((JSON.parse(ended.stdout) as Table[]).map((table) => [table.name, table]));
  const [fineTuned, zeroShot] = ['tiny-fine-tuned', 'tiny-zero-shot'].map((name) => tables.get(name)!);
  const plcc = (table: Table | undefined, column: string) => table!.rows[0]![column] as EstimateCell;
  for (const estimate of [plcc(fineTuned, `from_${source}`), plcc(zeroShot, `from_${source}`)]) {
    expect(estimate.unit).toBe('score');
    expect(Math.abs(estimate.value)).toBeLessThanOrEqual(1);
  }
  const tuned = tables.get('tiny-differences')!.rows.find((row) => {
    return row['target'] === target && row['difference'] === 'fine-tuned minus no resizer';
  });
  const fixed = plcc(fineTuned, 'fixed').value;
  expect((tuned![`from_${source}`] as EstimateCell).value).toBeCloseTo(
    plcc(fineTuned, `from_${source}`).value - fixed,
    12,
  );
  expect(tables.get('tiny-cells')!.columns.map(({ header }) => header)).toEqual(
    expect.arrayContaining(['PLCC', 'SRCC', 'EMD', 'PLCC minus control']),
  );
});
