import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Sitting } from './markdown.ts';
import { readResults, writeResults } from './results-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-results-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sitting: Sitting = {
  machine: { date: '2026-01-02T03:04:05Z', cpu: 'C', cores: 2, memory: 8e9, system: 'linux', busy: 0 },
  pace: { rounds: 2, turnSeconds: 4 },
  versions: { node: '20' },
  comparisons: [],
};

it('writes a page with its numbers beside it, and reads these back', () => {
  writeResults(join(folder, 'PAGE.md'), [sitting]);
  expect(readFileSync(join(folder, 'PAGE.md'), 'utf8')).toContain('2026-01-02 03:04 UTC');
  expect(readResults(join(folder, 'PAGE.json'))).toEqual([sitting]);
});

it.each(['', 'null', '[]', '{}', '{"sittings": [null]}', '{"sittings": [{"machine": {}}]}'])(
  'refuses a file that holds %j, naming it',
  (text) => {
    const path = join(folder, 'other.json');
    writeFileSync(path, text);
    expect(() => readResults(path)).toThrow(`--merge ${path}: `);
  },
);
