import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stream } from '@resizer-lab/base';
import { describe, expect, it } from 'vitest';
import { readRecords, readSuite } from './index.ts';
import {
  cellFolderOf,
  cellPid,
  config,
  dataRoot,
  misbehave,
  ownFolder,
  resultFiles,
  results,
  run,
  start,
  started,
  states,
  summary,
  witnessed,
} from './testing/harness.ts';
import { mainCommand } from './testing/main.ts';
import { noop } from './testing/noop-study.ts';

ownFolder();

describe('stopping', () => {
  it('when the time is up ends what is running, and starts nothing', async () => {
    await config({ milliseconds: 60_000, graph: '{ a: [], b: [], c: [], d: [a] }' });
    const { code, events, stderr } = await run({ MAX_SECONDS: '2', JOBS: '2' });
    expect([code, stderr]).toEqual([1, '']);
    expect(summary(events)).toEqual(['started a', 'started b']);
    expect(events.at(-1)).toMatchObject({ done: 0, failed: 0, left: 4, stoppedBy: 'time' });
    expect(await states()).toEqual({ a: 'interrupted', b: 'interrupted', c: 'ready', d: 'waiting' });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends the child, then the run', async (signal) => {
    await config({ milliseconds: 60_000 });
    const { child, seen, ended } = start();
    await seen('progress', 'a/seed1');
    child.kill(signal);
    const { code, events, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toBe('');
    expect(events.at(-1)).toMatchObject({ kind: 'outcome', done: 0, failed: 0, left: 4, stoppedBy: signal });
    expect(await states()).toEqual({ a: 'interrupted', b: 'waiting', c: 'waiting', d: 'ready' });
    expect(await readdir(join(results, 's'))).toEqual(['cells', 'plans']);
  });

  it('a killed run is taken over: its cell stops, and each cell is done once', async () => {
    await config({ milliseconds: 1000, graph: '{ a: [], b: [a] }' });
    const first = start();
    await first.seen('progress', 'a/seed1');
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await run();
    expect(second.code).toBe(0);
    expect((await witnessed()).slice(0, 3)).toEqual(['start a', 'start a', 'end a']);
    expect((await witnessed()).filter((line) => line.startsWith('end'))).toHaveLength(2);
  });

  it('killed at ten random moments, the run and its cells in turn, no finished cell is lost or repeated', async () => {
    await config({ milliseconds: 100, graph: '{ a: [], b: [a], c: [a, b], d: [b] }' });
    const draw = stream(1, 'kills');
    const finished = new Map<string, string>();
    for (let kill = 0; kill < 10; kill++) {
      const { child, ended } = start();
      await sleep(300 + 900 * draw.uniform());
      process.kill((kill % 2 === 0 ? undefined : await cellPid()) ?? child.pid!, 'SIGKILL');
      await ended;
      for (const [file, identity] of await resultFiles()) {
        expect(finished.get(file) ?? identity).toBe(identity);
        finished.set(file, identity);
      }
    }
    const { code, events } = await run();
    expect(events.filter(({ kind }) => kind === 'failed')).toEqual([]);
    expect(code).toBe(0);
    for (const [file, identity] of await resultFiles()) expect(finished.get(file) ?? identity).toBe(identity);
    const [plan] = await readSuite(join(results, 's'));
    const values = (await readRecords(plan!, noop)).map(({ id, measurements }) => [
      id[0],
      measurements.value,
    ]);
    expect(Object.fromEntries(values)).toEqual({ a: 1, b: 2, c: 4, d: 3 });
  });
});

describe('several runs on one folder', () => {
  it('share the work: each cell is run once, and both end when all is done', async () => {
    await config({ milliseconds: 300, graph: '{ a: [], b: [], c: [], d: [a, b], e: [c], f: [d, e] }' });
    const both = [start(), start()];
    for (const { ended } of both) {
      const { code, stderr, events } = await ended;
      expect([code, stderr]).toEqual([0, '']);
      expect(events.filter(({ kind }) => kind === 'failed')).toEqual([]);
      expect(events.at(-1)).toMatchObject({ done: 6, left: 0 });
    }
    expect((await witnessed()).sort()).toEqual(
      ['end', 'start'].flatMap((what) => [...'abcdef'].map((id) => `${what} ${id}`)),
    );
    const shares = both.map(({ events }) => events.filter(({ earlier }) => earlier === false).length);
    expect(shares[0]! + shares[1]!).toBe(6);
    expect(Math.min(...shares)).toBeGreaterThan(0);
  });

  it('one takes over what the other was killed at', async () => {
    await config({ milliseconds: 4000, graph: '{ a: [] }' });
    const first = start();
    await first.seen('progress', 'a/seed1');
    const second = start();
    await second.seen('waiting', 'a/seed1');
    first.child.kill('SIGKILL');
    const { code, events } = await second.ended;
    expect(code).toBe(0);
    expect(summary(events)).toEqual(['waiting a', 'started a', 'done a']);
    expect(await witnessed()).toEqual(['start a', 'start a', 'end a']);
  });

  it('a failure that one has is not tried again by the other, even one that retries earlier ones', async () => {
    await config({ milliseconds: 600, graph: '{ a: [], b: [] }' });
    await misbehave({ a: 'late error', b: 'late error' });
    const both = [start({ RETRY_FAILED: '1' }), start({ RETRY_FAILED: '1' })];
    for (const { ended } of both) expect((await ended).events.at(-1)).toMatchObject({ failed: 2 });
    expect((await witnessed()).sort()).toEqual(['start a', 'start b']);
  });

  it('waits for a cell that another process works on', async () => {
    await config({ milliseconds: 1500, graph: '{ a: [], b: [a] }' });
    const first = start();
    await first.seen('started', 'a/seed1');
    first.child.kill('SIGTERM');
    await first.ended;
    const cell = spawn(process.execPath, [...mainCommand, 'cell', await cellFolderOf('a'), dataRoot], {
      stdio: 'ignore',
    });
    started.push(cell);
    const before = (await witnessed()).length;
    while ((await witnessed()).length === before) await sleep(20);
    const { code, events } = await run();
    expect(code).toBe(0);
    expect(summary(events)).toEqual(['waiting a', 'done a', 'started b', 'done b']);
    expect(events[0]).toMatchObject({ holder: { pid: cell.pid } });
    expect((await witnessed()).filter((line) => line === 'end a')).toHaveLength(1);
  });
});
