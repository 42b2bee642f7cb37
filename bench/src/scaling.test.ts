import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { MeasuredCurve } from './scaling-cost.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-scaling-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('measures a curve: more residual blocks of the resizer are more operations', () => {
  const script = join(import.meta.dirname, '../scaling.ts');
  const args = ['--import', 'tsx', script, '--quick', '--curves', 'resizer-shape', '--output', folder];
  const page = execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' });
  expect(readFileSync(join(folder, 'SCALING.md'), 'utf8')).toBe(page);
  expect(readFileSync(join(folder, 'scaling.svg'), 'utf8')).toContain('<svg');
  const [curve] = JSON.parse(readFileSync(join(folder, 'scaling.json'), 'utf8')) as MeasuredCurve[];
  const { costs } = curve!;
  expect(costs.map(({ task, setting }) => `${task} ${setting}`)).toEqual([
    ...['train n = 8, r = 1', 'train n = 8, r = 2', 'evaluate n = 8, r = 1', 'evaluate n = 8, r = 2'],
  ]);
  // A block is two convolutions of 3 × 3 × 8 × 8 at 32 × 32 for two photos; backward is twice forward.
  const block = 2 * (2 * 3 * 3 * 8 * 8) * 32 * 32 * 2;
  expect(costs[3]!.stepFlops - costs[2]!.stepFlops).toBe(block);
  expect(costs[1]!.stepFlops - costs[0]!.stepFlops).toBe(3 * block);
});
