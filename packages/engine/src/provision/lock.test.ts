import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { type Lock, withLock } from '../../provision/lock.mjs';

const folder = mkdtempSync(join(tmpdir(), 'resizer-lab-lock-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Short enough for a test, long enough for a busy machine: a heart beats many times within any patience. */
const timing = { beat: 20, gone: 300, unknown: 600, silent: 60_000 };
const options = { owner: '/checkout', onWait: () => undefined, signal: new AbortController().signal, timing };
/** No process has this id: it lies above Linux' largest. */
const nobody = 2 ** 22 + 1;

let count = 0;
const newPath = () => join(folder, `lock-${count++}`);
const holder = (changes: object) =>
  JSON.stringify({
    token: 't',
    host: hostname(),
    pids: [nobody],
    owner: '/x',
    task: '',
    beats: 0,
    ...changes,
  });

const lockTime = async (path: string) => {
  const start = performance.now();
  await withLock(path, () => Promise.resolve(), options);
  return performance.now() - start;
};

describe('withLock', () => {
  it.concurrent('lets one in at a time, however long it works', async () => {
    const path = newPath();
    let inside = 0;
    const work = async () => {
      expect(++inside).toBe(1);
      await sleep(400);
      inside--;
    };
    await Promise.all([1, 2, 3].map(() => withLock(path, work, options)));
  });

  it.concurrent.each([
    ['whose process is gone', holder({}), timing.gone],
    [
      'of another machine that fell silent',
      holder({ host: 'elsewhere', pids: [process.pid] }),
      timing.unknown,
    ],
    ['that is empty', '', timing.unknown],
    ['that is not a lock', '{"pids":7}', timing.unknown],
  ])('takes over a lock %s, and not sooner than it is patient', async (_, text, patience) => {
    const path = newPath();
    writeFileSync(path, text);
    expect(await lockTime(path)).toBeGreaterThanOrEqual(patience);
  });

  it.concurrent('does not take a lock whose process lives', async () => {
    const path = newPath();
    writeFileSync(path, holder({ pids: [nobody, process.pid] }));
    const stop = new AbortController();
    const waiting = withLock(path, () => Promise.resolve(), { ...options, signal: stop.signal });
    await sleep(2 * timing.unknown);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it.concurrent('is taken over by one of many that wait', async () => {
    const path = newPath();
    writeFileSync(path, holder({}));
    writeFileSync(`${path}.half-written`, '');
    let inside = 0;
    const work = async () => {
      expect(++inside).toBe(1);
      await sleep(30);
      inside--;
    };
    await Promise.all(Array.from({ length: 8 }, () => withLock(path, work, options)));
    expect(readdirSync(folder).filter((name) => name.split('.')[0] === basename(path))).toEqual([]);
  });

  it.concurrent('tells those who wait who works on what, and gives the lock back after a failure', async () => {
    const path = newPath();
    const seen = new Set<string>();
    const failing = async (lock: Lock) => {
      lock.task('Unpacking');
      await sleep(200);
      throw new Error('disk');
    };
    const first = withLock(path, failing, options).catch((error: unknown) => error);
    await sleep(50);
    const onWait = (who: string, task: string) => void seen.add(`${who}: ${task}`);
    await withLock(path, () => Promise.resolve(), { ...options, onWait });
    expect(await first).toEqual(new Error('disk'));
    expect([...seen]).toContain(`the set-up of /checkout (process ${process.pid}): Unpacking`);
  });

  it.concurrent('stops work whose lock was taken over, and leaves the new lock alone', async () => {
    const path = newPath();
    const stolen = holder({ token: 'thief' });
    const work = async (lock: Lock) => {
      writeFileSync(path, stolen);
      await sleep(5000, undefined, { signal: lock.signal }).catch(() => undefined);
      lock.signal.throwIfAborted();
    };
    await expect(withLock(path, work, options)).rejects.toThrow('Another set-up took over');
    expect(readFileSync(path, 'utf8')).toBe(stolen);
  });
});
