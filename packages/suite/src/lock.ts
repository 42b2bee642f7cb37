import { readFileSync, readlinkSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { codeOf, UserError } from '@resizer-lab/base';
import lockfile from 'proper-lockfile';
import { z } from 'zod';
import { fileError, readJson, writeJson } from './files.ts';

/** A lock whose heart has not beaten for so long is dead, wherever its holder is. */
const STALE_MS = 120_000;
const HEARTBEAT_MS = 5_000;
/** The guard is held for milliseconds. */
const GUARD_STALE_MS = 5_000;

const holderSchema = z.strictObject({
  pid: z.int().min(1),
  host: z.string().max(300),
  /** ISO 8601. */
  since: z.string().max(40),
  /** Where `pid` means something: host, boot and process namespace. */
  machine: z.string().max(600),
  /** Start time of the process, which tells it from a later one of the same pid. */
  born: z.string().max(40),
});

/** The process that holds a lock. */
export type Holder = z.infer<typeof holderSchema>;

export interface Lock {
  /** Aborted when the lock was lost: its folder vanished, or someone took it for dead. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** `process 123 on host since 2026-01-01T00:00:00.000Z`. */
export function holderText({ pid, host, since }: Holder): string {
  return `process ${pid} on ${host} since ${since}`;
}

/**
 * Takes the lock `<path>.lock` (a folder, refreshed by a heartbeat), or says who holds it. A holder
 * that was killed on this machine is found dead at once; one on another machine after two minutes
 * without a heartbeat; a holder that lives on this machine keeps it even if it is too busy to beat.
 *
 * Beside the lock: `<path>.holder.lock` says who holds it, `<path>.guard.lock` makes looking and
 * taking one step, without which two processes could both take over from the same dead one.
 */
export async function takeLock(path: string): Promise<{ lock: Lock } | { heldBy: Holder }> {
  const releaseGuard = await guard(path);
  try {
    const heldBy = await holderOf(path);
    if (heldBy !== undefined) return { heldBy };
    await rm(`${path}.lock`, { recursive: true, force: true });
    const self = thisProcess();
    // The holder first: killed between the two, this process leaves no lock that nobody holds.
    await writeJson(`${path}.holder.lock`, self);
    return { lock: await hold(path, self) };
  } finally {
    await releaseGuard();
  }
}

/** The process that holds the lock now, if any. */
export async function holderOf(path: string): Promise<Holder | undefined> {
  const beat = await lastHeartbeat(`${path}.lock`);
  if (beat === undefined) return undefined;
  const holder = await readJson(`${path}.holder.lock`, holderSchema);
  if (holder === undefined) return undefined;
  if (holder.machine === machine()) return isAlive(holder) ? holder : undefined;
  return Date.now() - beat < STALE_MS ? holder : undefined;
}

async function guard(path: string): Promise<() => Promise<void>> {
  // Retries are for a guard that is held, not for a folder that does not come back.
  await stat(dirname(path)).catch((error: unknown) => {
    throw fileError(`${path}.lock could not be made`, error);
  });
  try {
    return await lockfile.lock(`${path}.guard`, {
      realpath: false,
      stale: GUARD_STALE_MS,
      retries: { retries: 100, minTimeout: 50, maxTimeout: 100 },
      onCompromised: () => undefined,
    });
  } catch (error) {
    if (codeOf(error) !== 'ELOCKED') throw fileError(`${path}.guard.lock could not be made`, error);
    throw new UserError(
      `${path}.guard.lock is held by a process that does not let go; end it and run again.`,
    );
  }
}

async function hold(path: string, self: Holder): Promise<Lock> {
  const lost = new AbortController();
  const release = await lockfile
    .lock(path, {
      realpath: false,
      stale: STALE_MS,
      update: HEARTBEAT_MS,
      onCompromised: () =>
        lost.abort(new UserError(`${path}.lock was lost: it was removed, or taken over by another process.`)),
    })
    .catch((error: unknown) => {
      throw fileError(`${path}.lock could not be made`, error);
    });
  return {
    lost: lost.signal,
    async release() {
      if ((await lastHeartbeat(`${path}.lock`)) === undefined) return;
      const releaseGuard = await guard(path);
      try {
        const holder = await readJson(`${path}.holder.lock`, holderSchema);
        if (lost.signal.aborted || holder?.pid !== self.pid || holder.machine !== self.machine) return;
        await release();
        await rm(`${path}.holder.lock`, { force: true });
      } finally {
        await releaseGuard();
      }
    },
  };
}

async function lastHeartbeat(lock: string): Promise<number | undefined> {
  try {
    return (await stat(lock)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw fileError(`${lock} cannot be read`, error);
  }
}

function thisProcess(): Holder {
  return {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    machine: machine(),
    born: processState(process.pid)?.born ?? '',
  };
}

function isAlive({ pid, born }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  const state = processState(pid);
  return state === undefined || (!state.isZombie && state.born === born);
}

/** From /proc/<pid>/stat (proc(5)): the state, and the start time in clock ticks since boot. */
function processState(pid: number): { isZombie: boolean; born: string } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { isZombie: fields[0] === 'Z' || fields[0] === 'X', born: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

function machine(): string {
  const read = (get: () => string) => {
    try {
      return get().trim();
    } catch {
      return '';
    }
  };
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  return [hostname(), boot, read(() => readlinkSync('/proc/self/ns/pid'))].join('/');
}
