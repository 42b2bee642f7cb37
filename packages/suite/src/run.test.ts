import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfigs, planSuite, readRecords, readSuite } from './index.ts';
import {
  cellFolderOf,
  config,
  dataRoot,
  folder,
  misbehave,
  ownFolder,
  results,
  run,
  start,
  states,
  summary,
  witnessed,
} from './testing/harness.ts';
import { noop } from './testing/noop-study.ts';

ownFolder();

describe('a run', () => {
  it('runs each cell once, after those that it needs, in a process of its own', async () => {
    const { code, events, stderr } = await run();
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(summary(events)).toEqual(['a', 'd', 'b', 'c'].flatMap((id) => [`started ${id}`, `done ${id}`]));
    expect(await witnessed()).toEqual(['a', 'd', 'b', 'c'].flatMap((id) => [`start ${id}`, `end ${id}`]));
    const [plan] = await readSuite(join(results, 's'));
    const records = await readRecords(plan!, noop);
    expect(await noop.tables(records, { name: 'n', title: 'T', seeds: [1] })).toEqual([
      'a/seed1: 1',
      'd/seed1: 1',
      'b/seed1: 2',
      'c/seed1: 3',
    ]);
    expect(records[0]).toMatchObject({
      software: { node: process.version },
      data: { train: 'hash-of-train' },
    });
    for (const { directory } of records) {
      expect((await readdir(directory)).sort()).toEqual(['cell.json', 'log.txt', 'result.json']);
      expect(await readFile(join(directory, 'log.txt'), 'utf8')).toMatch(/^working on [abcd]\n$/);
    }
  });

  it('a second time has nothing to do; a changed ancestor makes new cells beside the old', async () => {
    await config({ graph: '{ a: [], d: [], b: [a] }' });
    await run();
    await config({ graph: '{ a: [], d: [], b: [d] }' });
    const { code, events } = await run();
    expect(code).toBe(0);
    expect(summary(events)).toEqual(['done a', 'done d', 'started b', 'done b']);
    expect(events[0]).toMatchObject({ earlier: true });
    expect(await readdir(join(results, 's', 'cells'))).toHaveLength(4);
  });

  it('shows progress while a cell runs', async () => {
    await config({ milliseconds: 50, graph: '{ a: [] }' });
    const { events } = await run();
    expect(events.filter(({ kind }) => kind === 'progress').at(-1)).toMatchObject({
      id: 'a/seed1',
      update: { step: 40, steps: 50, epoch: 1, epochs: 1, loss: 0, images: 0 },
    });
  });
});

describe('--jobs and --only', () => {
  it('so many cells run at once, each after those that it needs', async () => {
    await config({ milliseconds: 500, graph: '{ a: [], b: [a], c: [], d: [b, c], e: [] }' });
    const { code, events } = await run({ JOBS: '2' });
    expect(code).toBe(0);
    const lines = await witnessed();
    let [now, most] = [0, 0];
    for (const line of lines) {
      now += line.startsWith('start') ? 1 : -1;
      most = Math.max(most, now);
    }
    expect(most).toBe(2);
    expect(lines.indexOf('end a')).toBeLessThan(lines.indexOf('start b'));
    expect(lines.indexOf('end c')).toBeLessThan(lines.indexOf('start d'));
    expect(lines.indexOf('end b')).toBeLessThan(lines.indexOf('start d'));
    expect(events.at(-1)).toMatchObject({ done: 5 });
  });

  it('only the cells that match are run, and those that they need; the plan is still the whole', async () => {
    await config({ graph: '{ a: [], b: [a], c: [b], d: [], e: [c] }' });
    const { code, events } = await run({ ONLY: 'c/* d/**' });
    expect(code).toBe(0);
    expect(summary(events)).toEqual(['a', 'd', 'b', 'c'].flatMap((id) => [`started ${id}`, `done ${id}`]));
    expect(await states()).toMatchObject({ c: 'done', e: 'ready' });
  });

  it('a glob that matches nothing is refused before anything is written', async () => {
    const { code, stderr, events } = await run({ ONLY: 'a' });
    expect([code, events]).toEqual([2, []]);
    expect(stderr).toBe(
      '--only "a" matches none of the 4 cells; it is compared with their ids, such as "a/seed1" (* stays within a part, ** does not)\n',
    );
    expect(await readdir(folder)).not.toContain('results');
  });
});

describe('a cell that fails costs itself and those that need it', () => {
  it('however it fails', async () => {
    const reasons: Record<string, [reason: string, inLog: string]> = {
      'user error': ['photo 7 cannot be read; check the data', 'photo 7 cannot be read; check the data'],
      bug: ['undefined is not a tensor', 'TypeError: undefined is not a tensor'],
      nan: ['measurements are unusable: value: is NaN; must be a number', 'value: is NaN'],
      exit: ['its process ended with code 3', 'working on exit'],
      abort: ['its process crashed (SIGABRT)', 'working on abort'],
      'no tensor': [
        'it ran out of memory (a tensor of shape [8,1536,1536,512]); a smaller batch or input, gradientCheckpointing: blocks, or fewer cells at once need less',
        'OOM when allocating',
      ],
      memory: [
        'it ran out of memory (SIGABRT); a smaller batch or input, gradientCheckpointing: blocks, or fewer cells at once need less',
        'JavaScript heap out of memory',
      ],
    };
    const ways = Object.keys(reasons);
    await config({
      graph: JSON.stringify({
        ...Object.fromEntries(ways.map((way) => [way, []])),
        b: ['bug'],
        c: ['b'],
        d: [],
      }),
    });
    await misbehave(Object.fromEntries(ways.map((way) => [way, way])));
    const { code, events, stderr } = await run();
    expect([code, stderr]).toEqual([1, '']);
    for (const [way, [reason, inLog]] of Object.entries(reasons)) {
      const event = events.find(({ kind, id }) => kind === 'failed' && id === `${way}/seed1`);
      expect(event).toMatchObject({ reason, earlier: false });
      expect(String(event?.['log'])).toContain(inLog);
    }
    expect(events.filter(({ kind }) => kind === 'skipped')).toMatchObject([
      { id: 'b/seed1', reason: 'needs "bug/seed1", which failed' },
      { id: 'c/seed1', reason: 'needs "b/seed1", which was skipped' },
    ]);
    expect(events.at(-1)).toMatchObject({ done: 1, failed: 7, resumable: 0, skipped: 2, left: 0 });
    const found = await states();
    expect(ways.map((way) => found[way])).toEqual(ways.map(() => 'failed'));
    expect(found).toMatchObject({ b: 'waiting', c: 'waiting', d: 'done' });
  });

  it('is not tried again unless asked to', async () => {
    await config({ graph: '{ a: [], b: [a] }' });
    await misbehave({ a: 'bug' });
    await run();
    await misbehave({});
    const again = await run();
    expect(again.code).toBe(1);
    expect(summary(again.events)).toEqual(['failed a', 'skipped b']);
    expect(again.events[0]).toMatchObject({ reason: 'undefined is not a tensor', earlier: true });
    const retried = await run({ RETRY_FAILED: '1' });
    expect(retried.code).toBe(0);
    expect(await states()).toEqual({ a: 'done', b: 'done' });
    expect(await readdir(await cellFolderOf('a'))).not.toContain('failed.json');
  });

  it('killed from outside is reported, and resumed by the next run', async () => {
    await config({ graph: '{ a: [], b: [a] }' });
    await misbehave({ a: 'kill' });
    const { code, events } = await run();
    expect(code).toBe(1);
    expect(events[1]).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/^its process was killed \(SIGKILL[,:] [^\n]*\)$/) as string,
      log: ['working on a'],
    });
    expect(events.at(-1)).toMatchObject({ failed: 1, resumable: 1, skipped: 1 });
    expect(await states()).toEqual({ a: 'interrupted', b: 'waiting' });
    await misbehave({});
    expect((await run()).code).toBe(0);
  });
});

it('damage is named in one line', async () => {
  const configs = await loadConfigs([join(folder, 'c.yaml')], [noop]);
  const [plan] = await planSuite(configs, { dataRoot });
  const directory = join(results, 's', 'cells', plan!.cells[0]!.key);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'result.json'), '{"state": "do');
  const { code, stderr, events } = await run();
  expect([code, events]).toEqual([1, []]);
  expect(stderr).toMatch(/^\S+result\.json is damaged: not JSON [^\n]*\n$/);
});

it('a results folder that is a file is named in one line', async () => {
  await writeFile(results, '');
  const { code, stderr } = await run();
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^\S+results\/s\/plans could not be made: a file stands where a folder should be\. [^\n]*\n$/,
  );
});

it('a results folder that vanishes fails the run in one line', async () => {
  await config({ milliseconds: 60_000, graph: '{ a: [], b: [a] }' });
  const { seen, ended } = start();
  await seen('progress', 'a/seed1');
  await rm(results, { recursive: true, maxRetries: 5 });
  const { code, stderr } = await ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^\S+results\/s is gone: it was moved or removed while the run was at work\.\n$/);
});

// A disk of 128 KiB that only the run and its cells see; what it held is copied out.
const disk =
  'mkdir -p "$0" && mount -t tmpfs -o size=128k none "$0" && { "$@"; code=$?; cp -r "$0" "$0-left"; exit $code; }';
const ownDisk = ['unshare', '-rm', 'sh', '-c', disk];
const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

it.skipIf(!canMount)(
  'a full disk fails cells, each in one line, and they go on once there is space (needs unshare with user namespaces)',
  async () => {
    await config({ graph: '{ a: [], b: [a] }' });
    await misbehave({ a: 'fill disk' });
    const { code, stderr, events } = await start({}, [...ownDisk, results]).ended;
    expect([code, stderr]).toEqual([1, '']);
    expect(summary(events)).toEqual(['started a', 'failed a', 'skipped b']);
    expect(events[1]?.reason).toMatch(
      /^\S+result\.json could not be written: the disk is full\. Free some space and run again\. What was there before is unchanged\.$/,
    );
    expect(events.at(-1)).toMatchObject({ failed: 1, resumable: 1, skipped: 1 });
    await cp(`${results}-left`, results, { recursive: true });
    expect(await states()).toEqual({ a: 'interrupted', b: 'waiting' });
    await misbehave({});
    expect((await run()).code).toBe(0);
  },
);
