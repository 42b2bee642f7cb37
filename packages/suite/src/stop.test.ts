import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
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
  started,
  states,
  summary,
  witnessed,
} from './testing/harness.ts';
import { mainCommand } from './testing/main.ts';
import { surviveKills } from './testing/random-kills.ts';

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

  it('killed at random moments, the run and its cells, ends as if nobody had disturbed it', async () => {
    await config({ milliseconds: 700, graph: '{ a: [], b: [a] }' });
    const spent = await surviveKills({
      command: (place) => [process.execPath, ...mainCommand, 'run', place, dataRoot, join(folder, 'c.yaml')],
      results: { calm: join(folder, 'calm'), killed: (round) => join(folder, `killed-${round}`) },
      ...{ suite: 's', kills: 5, seed: 1, maxSeconds: 2, evidence: [], say: () => undefined },
    });
    expect(spent.runner + spent.cell).toBe(5);
    expect(Math.min(spent.runner, spent.cell)).toBeGreaterThan(0);
  });
});

describe('several runs on one folder', () => {
  it('share the work: each cell is run once, and both end when all is done', async () => {
    await config({ milliseconds: 4000, graph: '{ a: [], b: [], c: [a, b] }' });
    const first = start();
    await first.seen('started', 'a/seed1');
    const second = start();
    await second.seen('started', 'b/seed1');
    for (const { ended } of [first, second]) {
      const { code, stderr, events } = await ended;
      expect([code, stderr]).toEqual([0, '']);
      expect(events.filter(({ kind }) => kind === 'failed')).toEqual([]);
      expect(events.at(-1)).toMatchObject({ done: 3, left: 0 });
    }
    expect((await witnessed()).sort()).toEqual(
      ['end', 'start'].flatMap((what) => [...'abc'].map((id) => `${what} ${id}`)),
    );
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
