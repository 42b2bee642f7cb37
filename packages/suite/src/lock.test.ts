import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Holder, holderOf, takeLock } from './lock.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'suite-lock-'));
  path = join(folder, 'run');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function take() {
  const taken = await takeLock(path);
  if ('heldBy' in taken) throw new Error(`held by ${taken.heldBy.pid}`);
  return taken.lock;
}

/** A process that takes the lock, says so, and holds it while its stdin is open; `busy`: without a free moment. */
async function otherHolder(busy = false) {
  const script = `
    const { takeLock } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)});
    const taken = await takeLock(${JSON.stringify(path)});
    console.log('lock' in taken ? 'taken' : 'held');
    ${busy ? 'for (;;);' : "process.stdin.on('end', () => process.exit(0)).resume();"}`;
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString().trim() };
}

async function editHolder(change: Partial<Holder>): Promise<void> {
  const file = `${path}.holder.lock`;
  const holder = JSON.parse(await readFile(file, 'utf8')) as Holder;
  await writeFile(file, JSON.stringify({ ...holder, ...change }));
}

const beatAgo = (seconds: number) => utimes(`${path}.lock`, new Date(), Date.now() / 1000 - seconds);

describe('takeLock', () => {
  it('is held until released, and leaves nothing behind', async () => {
    const lock = await take();
    expect(await takeLock(path)).toMatchObject({ heldBy: { pid: process.pid } });
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
    await (await take()).release();
  });

  it('is given to one of several that ask at once', async () => {
    const taken = await Promise.all([takeLock(path), takeLock(path), takeLock(path), takeLock(path)]);
    expect(taken.filter((one) => 'lock' in one)).toHaveLength(1);
  });

  it('is taken over at once from a holder that was killed', async () => {
    const { child, said } = await otherHolder();
    expect(said).toBe('taken');
    expect(await takeLock(path)).toMatchObject({ heldBy: { pid: child.pid } });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await holderOf(path)).toBeUndefined();
    await (await take()).release();
  });

  it('is taken over by one of several that find the holder dead', async () => {
    const { child } = await otherHolder();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const taken = await Promise.all([takeLock(path), takeLock(path), takeLock(path)]);
    expect(taken.filter((one) => 'lock' in one)).toHaveLength(1);
  });

  it('is not taken from a holder on this machine that is too busy for its heartbeat', async () => {
    const { child } = await otherHolder(true);
    await beatAgo(3600);
    expect(await takeLock(path)).toMatchObject({ heldBy: { pid: child.pid } });
    child.kill('SIGKILL');
  });

  it('is not kept by a later process that got the pid of the dead holder', async () => {
    await take();
    await editHolder({ born: '1' });
    expect(await holderOf(path)).toBeUndefined();
  });

  it('on another machine is kept while its heart beats, and lost two minutes after it stops', async () => {
    await take();
    await editHolder({ machine: 'elsewhere', host: 'elsewhere', pid: 1 });
    await beatAgo(110);
    expect(await takeLock(path)).toMatchObject({ heldBy: { host: 'elsewhere' } });
    await beatAgo(130);
    await take();
  });

  it('is free where its holder was killed between naming itself and locking', async () => {
    const lock = await take();
    await lock.release();
    await writeFile(
      `${path}.holder.lock`,
      JSON.stringify({ pid: 1, host: 'h', since: 's', machine: 'm', born: 'b' }),
    );
    await (await take()).release();
  });

  it('waits out a guard whose process was killed', async () => {
    spawnSync('mkdir', [`${path}.guard.lock`]);
    await utimes(`${path}.guard.lock`, new Date(), Date.now() / 1000 - 4);
    await (await take()).release();
  });

  it('tells its holder when the folder vanishes', async () => {
    const lock = await take();
    await rm(folder, { recursive: true });
    for (let waited = 0; !lock.lost.aborted && waited < 15_000; waited += 100) await sleep(100);
    expect(String(lock.lost.reason)).toContain(`${path}.lock was lost`);
    await lock.release();
  });

  it('refuses junk where the holder should be, by name', async () => {
    await take();
    await writeFile(`${path}.holder.lock`, '{"pid": ');
    await expect(holderOf(path)).rejects.toThrow(`${path}.holder.lock is damaged: not JSON`);
    await writeFile(
      `${path}.holder.lock`,
      '{"pid": -1, "host": "h", "since": "", "machine": "", "born": ""}',
    );
    await expect(holderOf(path)).rejects.toThrow('pid: is -1; must be at least 1');
  });

  it('names a folder that is not there', async () => {
    await expect(takeLock(join(folder, 'gone', 'run'))).rejects.toThrow('its folder is gone');
  });
});
