import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './setup-error.mjs';

/**
 * One set-up at a time in a cache. The lock is a file that its holder keeps rewriting. Whoever
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
const defaultTiming = { beat: 500, gone: 2000, unknown: 30_000, silent: 600_000 };

/** A claim is held for the blink of an eye; one this old (ms) was left by a process that was killed. */
const claimAge = 60_000;

/**
 * Waits for the lock, does the work, gives the lock back whatever happens.
 * @template T
 * @param {string} path
 * @param {(lock: Lock) => Promise<T>} work
 * @param {object} options
 * @param {string} options.owner
 * @param {(holder: string, task: string) => void} options.onWait told again and again whom it waits for
 * @param {AbortSignal} options.signal gives up waiting
 * @param {Timing} [options.timing]
 * @returns {Promise<T>}
 */
export async function withLock(path, work, { owner, onWait, signal, timing = defaultTiming }) {
  const holder = { token: randomUUID(), host: hostname(), pids: [process.pid], owner, task: '', beats: 0 };
  await mkdir(dirname(path), { recursive: true });
  await acquire(path, holder, { onWait, signal, timing });
  await removeHalfWritten(path);
  const heart = startHeart(path, holder, timing.beat);
  try {
    return await work({
      signal: AbortSignal.any([signal, heart.lost]),
      task(task) {
        holder.task = task;
        heart.beat();
      },
      child(pid) {
        holder.pids = [process.pid, pid];
        heart.beat();
      },
    });
  } finally {
    await heart.stop();
    if (parse(await read(path))?.token === holder.token) await rm(path, { force: true });
  }
}

/**
 * @param {string} path
 * @param {Holder} holder
 * @param {{ onWait: (holder: string, task: string) => void, signal: AbortSignal, timing: Timing }} options
 */
async function acquire(path, holder, { onWait, signal, timing }) {
  let seen = '';
  let since = performance.now();
  while (!(await create(path, JSON.stringify(holder)))) {
    signal.throwIfAborted();
    const text = await read(path);
    if (text === undefined) continue;
    if (text !== seen) {
      seen = text;
      since = performance.now();
    } else if (performance.now() - since >= patience(parse(text), timing)) {
      if (await takeOver(path, text, JSON.stringify(holder))) return;
    }
    onWait(describe(parse(text), path), parse(text)?.task ?? '');
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
  return `the set-up of ${holder.owner} (process ${holder.pids[0]}${where})`;
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
 * Rewrites the lock at once when told to, and every `every` ms.
 * @param {string} path
 * @param {Holder} holder
 * @param {number} every
 */
function startHeart(path, holder, every) {
  const lost = new AbortController();
  const rewrite = async () => {
    if (lost.signal.aborted) return;
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
    }
  };
  let writing = Promise.resolve();
  const beat = () => void (writing = writing.then(rewrite));
  const timer = setInterval(beat, every);
  return {
    lost: lost.signal,
    beat,
    /** Nothing is written after this. */
    async stop() {
      clearInterval(timer);
      await writing;
    },
  };
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
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Removes what holders left that were killed while they wrote.
 * @param {string} path
 */
async function removeHalfWritten(path) {
  const names = await readdir(dirname(path));
  for (const name of names.filter((other) => other.startsWith(`${basename(path)}.`))) {
    await rm(join(dirname(path), name), { force: true });
  }
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
