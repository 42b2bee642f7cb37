import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** How much of a program's output is kept to explain its failure, in characters. */
const kept = 200_000;

/**
 * Runs a program to its end. Its output is kept, not shown.
 * @param {string} command
 * @param {string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {AbortSignal} [options.signal] ends the program and rejects with the signal's reason
 * @param {(pid: number) => void} [options.onStart]
 * @param {(text: string) => void} [options.onOutput]
 * @returns {Promise<{ code: number, output: string }>} code: 128 + n when a signal ended it
 * @throws the system error when the program cannot be started
 */
export function run(command, args, { cwd, env, signal, onStart, onOutput } = {}) {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(command, args, { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid !== undefined) onStart?.(child.pid);
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        output = (output + text).slice(-kept);
        onOutput?.(text);
      });
    }
    /** @type {Error | undefined} */
    let failure;
    child.on('error', (error) => {
      failure = error;
      if (child.pid === undefined) reject(error);
    });
    child.on('close', (code) => {
      if (signal?.aborted) reject(signal.reason);
      else if (failure) reject(failure);
      else resolve({ code: code ?? 128, output });
    });
  });
}

/**
 * The first of the programs that the search path has.
 * @param {(string | undefined)[]} names names or absolute paths
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} its path
 */
export function findProgram(names, env) {
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  for (const name of names) {
    if (!name) continue;
    const candidates = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name));
    const found = candidates.find(isProgram);
    if (found) return found;
  }
  return undefined;
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
