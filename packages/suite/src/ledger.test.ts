import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cellFolder,
  logTail,
  readCell,
  readRecords,
  readSuite,
  stateOf,
  writeFailure,
  writePlan,
  writeResult,
} from './ledger.ts';
import { takeLock } from './lock.ts';
import { expand, type Plan } from './plan.ts';
import { noop } from './testing/noop-study.ts';

let suiteDir = '';
beforeEach(async () => {
  suiteDir = await mkdtemp(join(tmpdir(), 'suite-ledger-'));
});
afterEach(() => rm(suiteDir, { recursive: true }));

function planOf(graph: Record<string, string[]>, seeds = [1]): Plan {
  const specs = noop.cells({ graph, milliseconds: 0 }, seeds);
  const cells = expand(specs, { study: 'noop', hashes: { train: 'x' }, file: 'c.yaml' });
  const head = { file: 'c.yaml', name: 'c', suite: 's', title: 'T', seeds };
  return { config: { ...head, study: noop, config: {} }, cells };
}

const chain = planOf({ a: [], b: ['a'] });
const [a, b] = [chain.cells[0]!, chain.cells[1]!];
const folderOf = ({ key }: { key: string }) => cellFolder(suiteDir, key);
const result = { state: 'done', started: '', finished: '', seconds: 2, software: {} } as const;
const finish = (cell: { key: string }, value = 1) =>
  writeResult(folderOf(cell), { ...result, measurements: { value, from: [] } });

describe('the state of a cell is read from its files', () => {
  beforeEach(() => writePlan(suiteDir, chain));

  it('ready, waiting, and ready once what it needs is done', async () => {
    expect(await stateOf(suiteDir, a)).toEqual({ state: 'ready' });
    expect(await stateOf(suiteDir, b)).toEqual({ state: 'waiting' });
    await finish(a);
    expect(await stateOf(suiteDir, a)).toEqual({ state: 'done', seconds: 2 });
    expect(await stateOf(suiteDir, b)).toEqual({ state: 'ready' });
  });

  it('failed, running, interrupted, done', async () => {
    await writeFile(join(folderOf(a), 'log.txt'), 'started');
    expect(await stateOf(suiteDir, a)).toEqual({ state: 'interrupted' });
    await writeFailure(folderOf(a), { reason: 'no photos', log: [], when: 'then' });
    expect(await stateOf(suiteDir, a)).toEqual({ state: 'failed', reason: 'no photos', when: 'then' });
    await takeLock(join(folderOf(a), 'cell'));
    expect(await stateOf(suiteDir, a)).toMatchObject({ state: 'running', holder: { pid: process.pid } });
    await finish(a);
    expect(await stateOf(suiteDir, a)).toMatchObject({ state: 'done' });
  });
});

describe('reading a suite', () => {
  it('gives the records of finished cells in the order of the plan', async () => {
    await writePlan(suiteDir, chain);
    await finish(b, 7);
    const [plan] = await readSuite(suiteDir);
    expect(plan).toMatchObject({ config: 'c', study: 'noop', title: 'T', seeds: [1] });
    expect(plan!.states.map(({ state }) => state)).toEqual(['ready', 'done']);
    expect(await readRecords(plan!, noop)).toEqual([
      {
        ...b,
        directory: folderOf(b),
        started: '',
        finished: '',
        seconds: 2,
        software: {},
        measurements: { value: 7, from: [] },
      },
    ]);
  });

  it('a plan is rewritten, a cell never', async () => {
    await writePlan(suiteDir, chain);
    const before = await readFile(join(folderOf(a), 'cell.json'), 'utf8');
    const other = planOf({ z: [], b: ['z'] });
    await writePlan(suiteDir, other);
    expect(await readFile(join(folderOf(a), 'cell.json'), 'utf8')).toBe(before);
    expect(await readdir(join(suiteDir, 'cells'))).toHaveLength(4);
    const [plan] = await readSuite(suiteDir);
    expect(plan!.cells.map(({ id }) => id)).toEqual(['z/seed1', 'b/seed1']);
  });

  it('of 2,000 cells is quick', async () => {
    const seeds = Array.from({ length: 1000 }, (_, i) => i);
    const plan = planOf({ a: [], b: ['a'] }, seeds);
    await writePlan(suiteDir, plan);
    const start = performance.now();
    const [status] = await readSuite(suiteDir);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(status!.states).toHaveLength(2000);
  });

  it('of a folder without results says so, with exit code 2', async () => {
    await expect(readSuite(join(suiteDir, 'nowhere'))).rejects.toMatchObject({
      exitCode: 2,
      message: `${suiteDir}/nowhere: no results here; name the folder of a suite that was run, such as results/smoke`,
    });
  });
});

describe('damage is named, never passed over', () => {
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  it.each<[how: string, file: string, content: string, message: string]>([
    ['cut off', 'result.json', '{"state": "do', 'not JSON'],
    ['of another kind', 'result.json', '[]', 'is a list; must be a mapping of keys to values'],
    ['deeply nested', 'result.json', nested, ''],
    ['deeply nested within', 'result.json', `{"measurements":${nested}}`, ''],
    ['a prototype', 'result.json', '{"__proto__":{"state":"done"}}', 'state: is missing; must be done'],
    ['a wrong type', 'failed.json', '{"reason": 3}', 'reason: is 3; must be text'],
    ['empty', 'failed.json', '', 'not JSON'],
  ])('%s: %s', async (_, name, content, message) => {
    await writePlan(suiteDir, chain);
    const file = join(folderOf(a), name);
    await writeFile(file, content);
    await expect(readSuite(suiteDir)).rejects.toThrow(`${file} is damaged: ${message}`);
  });

  it('a folder in place of a file, and a file without end', async () => {
    await writePlan(suiteDir, chain);
    const file = join(folderOf(a), 'result.json');
    await mkdir(file);
    await expect(readSuite(suiteDir)).rejects.toThrow(`${file} is damaged: it is not a plain file`);
    await rm(file, { recursive: true });
    await symlink('/dev/zero', file);
    await expect(readSuite(suiteDir)).rejects.toThrow(`${file} is damaged: it is not a plain file`);
  });

  it('a cell that was edited, or put into another folder', async () => {
    await writePlan(suiteDir, chain);
    const file = join(folderOf(a), 'cell.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"seed": 1', '"seed": 2'));
    await expect(readCell(folderOf(a))).rejects.toThrow(
      `${file} is damaged: its content does not have the key`,
    );
    await writeFile(join(folderOf(b), 'cell.json'), text);
    await expect(readCell(folderOf(b))).rejects.toThrow('is damaged: its content does not have the key');
  });

  it('a plan whose cells lead out of the folder', async () => {
    await writePlan(suiteDir, chain);
    const file = join(suiteDir, 'plans', 'c.json');
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll(a.key, '../../../../etc'));
    await expect(readSuite(suiteDir)).rejects.toThrow(
      `${file} is damaged: cells[0].key: is "../../../../etc"`,
    );
  });

  it('measurements of another version of the study', async () => {
    await writePlan(suiteDir, chain);
    await writeResult(folderOf(a), { ...result, measurements: { top1: 0.5 } });
    const [plan] = await readSuite(suiteDir);
    await expect(readRecords(plan!, noop)).rejects.toThrow(
      'result.json is damaged: value: is missing; must be a number',
    );
  });
});

describe('the tail of a log', () => {
  it('is its last lines, without terminal escapes, and never long', async () => {
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`).join('\n');
    await writeFile(
      join(suiteDir, 'log.txt'),
      `${'x'.repeat(1e6)}\n${lines}\n\u001b[31mred\u001b[0m 10%\r20%\u0007\n\n${'y'.repeat(5000)}`,
    );
    const tail = await logTail(suiteDir);
    expect(tail).toHaveLength(20);
    expect(tail.slice(-4)).toEqual(['line 99', 'red 10%', '20%', 'y'.repeat(300)]);
  });

  it('starts where the attempt started, and is empty where there is none', async () => {
    expect(await logTail(suiteDir)).toEqual([]);
    await writeFile(join(suiteDir, 'log.txt'), 'old\nnew\n');
    expect(await logTail(suiteDir, 4)).toEqual(['new']);
  });
});
