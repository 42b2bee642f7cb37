import { join } from 'node:path';
import { bindingFor, buildBinding } from './binding.mjs';
import { requireSpace, sweep } from './cache.mjs';
import { withLock } from './lock.mjs';
import { installPackages, packagesAreCurrent, packagesBytes } from './packages.mjs';
import { readRecord, recordOf, writeRecord } from './record.mjs';
import {
  requireCompiler,
  requireLinux,
  requirePlainPath,
  requirePython,
  thisSystem,
} from './requirements.mjs';
import { fetchLibrary, libraryFor } from './tensorflow.mjs';

/**
 * @typedef {object} Site where set-up works, and what it uses of the world
 * @property {string} root the checkout
 * @property {string} cache
 * @property {NodeJS.ProcessEnv} env
 * @property {import('./terminal.mjs').Terminal} terminal
 * @property {import('./tensorflow.mjs').Wheels} wheels
 * @property {AbortSignal} signal stops set-up, which cleans up after itself
 *
 * @typedef {Site & { lock: import('./lock.mjs').Lock }} Work a site on which this set-up has the lock
 */

/**
 * Does all the set-up that is missing: npm packages, the TensorFlow library, the compiled binding, and
 * the record of them that the engine reads. Does nothing, and starts no program, when all is there.
 * @param {Site} site
 * @param {'cpu' | 'gpu'} [requested] without it, the device of the last set-up, or the CPU
 * @throws SetupError when something is missing that only the user can provide
 */
export async function provision(site, requested) {
  const device = requested ?? (readRecord(site.root)?.requested === 'gpu' ? 'gpu' : 'cpu');
  if (Object.values(survey(site, device).missing).includes(true)) await provideWhatIsMissing(site, device);
  await writeRecord(site.root, recordOf(survey(site, device), device));
}

/**
 * @param {Site} site
 * @param {'cpu' | 'gpu'} device
 */
function survey(site, device) {
  const library = libraryFor(site, device);
  const binding = bindingFor(site, library);
  const missing = {
    packages: !packagesAreCurrent(site.root),
    library: !library.whole,
    binding: !binding.whole,
  };
  return { library, binding, missing };
}

/**
 * @param {Site} site
 * @param {'cpu' | 'gpu'} device
 */
async function provideWhatIsMissing(site, device) {
  const waiting = waitingStep(site.terminal);
  /** @param {import('./lock.mjs').Lock} lock */
  const work = async (lock) => {
    waiting.end();
    await sweep(site.cache);
    try {
      await provide({ ...site, terminal: announcing(site.terminal, lock), lock }, device);
    } finally {
      await sweep(site.cache);
    }
  };
  const options = { owner: site.root, onWait: waiting.update, signal: site.signal };
  await withLock(join(site.cache, 'setup.lock'), work, options).finally(waiting.end);
}

/**
 * @param {Work} work
 * @param {'cpu' | 'gpu'} device
 */
async function provide(work, device) {
  const { library, binding, missing } = survey(work, device);
  // All that may be refused is asked for before the long work begins.
  if (process.platform !== 'linux' || missing.library) requireLinux(thisSystem(), { wheel: missing.library });
  const needsPython = missing.library || missing.binding;
  const python = needsPython ? await requirePython(work.env, { pip: missing.library }) : '';
  const compiler = missing.binding ? requireCompiler(work.env) : '';
  if (missing.binding) requirePlainPath(work.cache);
  const needs = [];
  if (missing.packages) needs.push({ folder: work.root, bytes: packagesBytes });
  if (missing.library) needs.push({ folder: work.cache, bytes: work.wheels[device].diskBytes });
  requireSpace(needs);

  if (missing.packages) await installPackages(work);
  if (missing.library) await fetchLibrary(work, { library, device, wheels: work.wheels, python });
  if (missing.binding) await buildBinding(work, { binding, library, python, compiler });
}

/**
 * A step that begins when there is something to wait for.
 * @param {import('./terminal.mjs').Terminal} terminal
 */
function waitingStep(terminal) {
  /** @type {import('./terminal.mjs').Step | undefined} */
  let step;
  return {
    update(/** @type {string} */ holder, /** @type {string} */ task) {
      step ??= terminal.step(`Waiting for ${holder}`);
      step.update(task);
    },
    end() {
      step?.end();
      step = undefined;
    },
  };
}

/**
 * The terminal, which also tells those who wait for the lock what is going on.
 * @param {import('./terminal.mjs').Terminal} terminal
 * @param {import('./lock.mjs').Lock} lock
 * @returns {import('./terminal.mjs').Terminal}
 */
function announcing(terminal, lock) {
  return {
    step(label) {
      lock.task(label);
      return terminal.step(label);
    },
  };
}
