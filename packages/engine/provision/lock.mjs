import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './setup-error.mjs';

/**
 * One set-up at a time in a cache. The lock is a file that its holder rewrites every second. Whoever
 * waits watches the text change by its own clock, so clocks that differ between machines do no harm.
 * A lock whose text stays the same is taken over: soon when its processes ran on this machine and are
 * gone, later when that cannot be told.
 */

/**
 * @typedef {object} Timing all in ms
 * @property {number} beat how often the holder rewrites the lock, and a waiter looks
 * @property {number} gone patience with a lock whose processes are gone
 * @property {number} unknown patience with a lock of another machine, or one that cannot be read
 * @property {number} silent patience with processes that are alive but have stopped (Ctrl-Z, a reused id)
 *
 * @typedef {object} Holder
 * @property {string} token
 * @property {string} host
 * @property {number[]} pids the set-up, and the program that it runs at the moment
 * @property {string} owner for whom it works: the checkout
 * @property {string} task what it does at the moment
 * @property {number} beats
 *
 * @typedef {object} Lock
 * @property {AbortSignal} signal aborted when the lock is lost
 * @property {(task: string) => void} task says what the holder does now, for those who wait
 * @property {(pid: number) => void} child the program that now works for the holder: while it lives, so does the lock
 */

/** @type {Timing} */
export const defaultTiming = { beat: 1000, gone: 3000, unknown: 30_000, silent: 600_000 };

/** A claim is held for the blink of an eye; one this old (ms) was left by a process that was killed. */
const claimAge = 60_000;

/**
 * Waits for the lock, does the work, gives the lock back whatever happens.
 * @template T
 * @param {string} path
 * @param {(lock: Lock) => Promise<T>} work
 * @param {object} options
 * @param {string} options.owner
 * @param {(holder: string) => void} options.onWait told now and then who holds the lock
 * @param {AbortSignal} [options.signal] gives up waiting
 * @param {Timing} [options.timing]
 * @returns {Promise<T>}
 */
export async function withLock(path, work, { owner, onWait, signal, timing = defaultTiming }) {
  const holder = { token: randomUUID(), host: hostname(), pids: [process.pid], owner, task: '', beats: 0 };
  await mkdir(dirname(path), { recursive: true });
  await acquire(path, holder, { onWait, signal, timing });
  const lost = new AbortController();
  const released = new AbortController();
  const heart = keepBeating(path, holder, { lost, released: released.signal, beat: timing.beat });
  try {
    return await work({
      signal: signal ? AbortSignal.any([signal, lost.signal]) : lost.signal,
      task: (task) => void (holder.task = task),
      child: (pid) => void (holder.pids = [process.pid, pid]),
    });
  } finally {
    released.abort();
    await heart;
    if (parse(await read(path))?.token === holder.token) await rm(path, { force: true });
  }
}

/**
 * @param {string} path
 * @param {Holder} holder
 * @param {{ onWait: (holder: string) => void, signal: AbortSignal | undefined, timing: Timing }} options
 */
async function acquire(path, holder, { onWait, signal, timing }) {
  let seen = '';
  let since = performance.now();
  while (!(await create(path, JSON.stringify(holder)))) {
    signal?.throwIfAborted();
    const text = await read(path);
    if (text === undefined) continue;
    if (text !== seen) {
      seen = text;
      since = performance.now();
    } else if (performance.now() - since >= patience(parse(text), timing)) {
      if (await takeOver(path, text, JSON.stringify(holder))) return;
    }
    onWait(describe(parse(text), path));
    await sleep(timing.beat / 2);
  }
}

/**
 * @param {Holder | undefined} holder
 * @param {Timing} timing
 * @returns {number}
 */
function patience(holder, timing) {
  if (holder?.host !== hostname()) return timing.unknown;
  return holder.pids.some(isAlive) ? timing.silent : timing.gone;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * @param {Holder | undefined} holder
 * @param {string} path
 */
function describe(holder, path) {
  if (!holder) return `the lock ${path}, which cannot be read`;
  const where = holder.host === hostname() ? '' : ` on ${holder.host}`;
  return `the set-up of ${holder.owner} (process ${holder.pids[0]}${where})${holder.task && `: ${holder.task}`}`;
}

/**
 * Of all that see the same abandoned lock, one takes it: each tries to create a claim that is named by
 * the abandoned text.
 * @param {string} path
 * @param {string} abandoned
 * @param {string} mine
 * @returns {Promise<boolean>}
 */
async function takeOver(path, abandoned, mine) {
  const claim = `${path}.${createHash('sha256').update(abandoned).digest('hex').slice(0, 16)}.claim`;
  if (!(await create(claim, mine))) {
    const age =
      Date.now() -
      (await stat(claim).then(
        (s) => s.mtimeMs,
        () => Date.now(),
      ));
    if (age > claimAge) await rm(claim, { force: true });
    return false;
  }
  try {
    if ((await read(path)) !== abandoned) return false;
    await replace(path, mine);
    return true;
  } finally {
    await rm(claim, { force: true });
  }
}

/**
 * @param {string} path
 * @param {Holder} holder
 * @param {{ lost: AbortController, released: AbortSignal, beat: number }} options
 */
async function keepBeating(path, holder, { lost, released, beat }) {
  while (!released.aborted) {
    await sleep(beat, undefined, { signal: released }).catch(() => {});
    if (released.aborted) return;
    try {
      if (parse(await read(path))?.token !== holder.token) {
        throw new SetupError(
          `Another set-up took over ${path}, because this one had stopped. Run \`npm run setup\` again.`,
        );
      }
      holder.beats++;
      await replace(path, JSON.stringify(holder));
    } catch (error) {
      lost.abort(error);
      return;
    }
  }
}

/**
 * @param {string} path
 * @param {string} text
 * @returns {Promise<boolean>} false when the file is there already
 */
async function create(path, text) {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * @param {string} path
 * @param {string} text
 */
async function replace(path, text) {
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}

/**
 * @param {string} path
 * @returns {Promise<string | undefined>}
 */
async function read(path) {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * @param {string | undefined} text
 * @returns {Holder | undefined} undefined when the text is not that of a lock
 */
function parse(text) {
  try {
    const holder = JSON.parse(text ?? '');
    return typeof holder?.token === 'string' && Array.isArray(holder.pids) ? holder : undefined;
  } catch {
    return undefined;
  }
}
