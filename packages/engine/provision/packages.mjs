import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { keepLog } from './cache.mjs';
import { findProgram, run } from './processes.mjs';
import { SetupError } from './setup-error.mjs';
import { during } from './terminal.mjs';

/** What node_modules takes on disk, with room to spare. */
export const packagesBytes = 750_000_000;

/**
 * Does node_modules hold what package-lock.json says? npm's own record of what it installed is compared
 * entry by entry; optional packages may be absent, as they are on other platforms.
 * @param {string} root
 * @returns {boolean}
 */
export function packagesAreCurrent(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(join(root, installedRecord));
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const there = installed[path];
    if (!there) return entry.optional === true;
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}

/** npm writes it last, so that it exists only beside packages that are all there. */
const installedRecord = 'node_modules/.package-lock.json';

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }> | undefined}
 */
function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Installs what package-lock.json says.
 * @param {import('./provision.mjs').Work} work
 */
export async function installPackages({ root, cache, env, terminal, lock }) {
  // A killed `npm ci` must not leave the record of an earlier one.
  await rm(join(root, installedRecord), { force: true });
  const [command, ...args] = npmCommand(env);
  const options = { cwd: root, env, signal: lock.signal, onStart: lock.child };
  args.push('ci', '--include=dev', '--no-progress', '--loglevel=error');
  await during(terminal, 'Installing npm packages', async () => {
    const { code, output } = await run(command, args, options);
    if (code === 0) return;
    const log = await keepLog(cache, 'npm-ci', output);
    throw new SetupError(`npm ci failed: ${npmReason(output)}. Its output: ${log}`);
  });
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {[string, ...string[]]}
 */
function npmCommand(env) {
  const script = env['npm_execpath'];
  if (script && basename(script).startsWith('npm')) return [process.execPath, script];
  const npm = findProgram(['npm'], env);
  if (npm) return [npm];
  throw new SetupError('npm is missing. Install Node from https://nodejs.org, which brings npm.');
}

/** @param {string} output */
function npmReason(output) {
  if (/E(AI_AGAIN|NOTFOUND|CONNREFUSED|CONNRESET|TIMEDOUT|HOSTUNREACH|NETUNREACH)/.test(output)) {
    return 'the npm registry cannot be reached; check the network, the proxy and `npm config get registry`';
  }
  if (/ENOSPC|EDQUOT/.test(output)) return 'the disk is full';
  const lines = [...output.matchAll(/^npm (?:error|ERR!) (?!code )(\S.*?)\.*$/gm)];
  return lines[0]?.[1] ?? 'see its output';
}
