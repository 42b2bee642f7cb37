import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache.mjs';
import { provision } from './provision.mjs';
import { explain, SetupError } from './setup-error.mjs';
import { terminal } from './terminal.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const ends = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

const usage = `Usage: npm run setup [-- --gpu | --cpu]

Prepares all that resizer-lab needs: npm packages, the TensorFlow library, and the binding that joins it
to Node. Does only what is missing.

  --gpu   use the TensorFlow library for NVIDIA GPUs (about 7 GB); remembered by later set-ups
  --cpu   use the TensorFlow library for CPUs (the default)

Environment:
  RESIZER_CACHE        where the library is kept (default: ~/.cache/resizer-lab)
  RESIZER_TENSORFLOW   a TensorFlow 2 library that is already there, instead of a download
  PYTHON, CXX          the Python and the C++ compiler to use

Example: npm run setup -- --gpu`;

/**
 * The command `npm run setup`.
 * @param {string[]} args
 * @returns {Promise<number>} the exit code: 0 done, 1 failed, 2 bad usage
 */
export async function setUp(args) {
  if (args.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const unknown = args.find((arg) => !isDevice(arg));
  if (unknown !== undefined) {
    console.error(`npm run setup does not know '${unknown}'.\n\n${usage}`);
    return 2;
  }
  return (await prepare(args)) ?? 0;
}

/**
 * The command `npm start`: set-up, then `resizer run` with the arguments; without a config, the smoke suite.
 * @param {string[]} args `--gpu` and `--cpu` are for set-up; configs come before options
 * @returns {Promise<number>} the exit code of set-up if it failed, else that of the run
 */
export async function start(args) {
  const failure = await prepare(args.filter(isDevice));
  if (failure !== undefined) return failure;
  const rest = args.filter((arg) => !isDevice(arg));
  const configs =
    rest[0] === undefined || rest[0].startsWith('-') ? [relative('.', join(root, 'configs/smoke'))] : [];
  return runCommand(join(root, 'node_modules/.bin/resizer'), ['run', ...configs, ...rest]);
}

/** @param {string} arg */
const isDevice = (arg) => arg === '--gpu' || arg === '--cpu';

/**
 * @param {string[]} devices
 * @returns {Promise<number | undefined>} the exit code of a failure
 */
async function prepare(devices) {
  const stop = new AbortController();
  let failure = 1;
  /** @param {NodeJS.Signals} name */
  const end = (name) => {
    failure = 128 + constants.signals[name];
    stop.abort(new SetupError('Set-up was stopped. Run it again to go on.'));
  };
  for (const name of ends) process.on(name, end);
  try {
    const device = devices.includes('--gpu') ? 'gpu' : devices.includes('--cpu') ? 'cpu' : undefined;
    await provision(thisSite(stop.signal), device);
    return undefined;
  } catch (error) {
    console.error(explain(error));
    return failure;
  } finally {
    for (const name of ends) process.off(name, end);
  }
}

/**
 * @param {AbortSignal} signal
 * @returns {import('./provision.mjs').Site}
 */
function thisSite(signal) {
  const wheels = JSON.parse(readFileSync(new URL('wheels.json', import.meta.url), 'utf8'));
  const { env } = process;
  return { root, cache: cacheFolder(env), env, terminal: terminal(), wheels, signal };
}

/**
 * Runs a program in the foreground.
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
function runCommand(program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    // Ctrl-C reaches the child by itself; we only have to outlive it, and to pass on the rest.
    for (const name of ends) process.on(name, () => void (name !== 'SIGINT' && child.kill(name)));
    child.on('error', (error) => {
      console.error(
        `${program} cannot be started (${error.message}). Run \`npm ci\`, then \`npm start\` again.`,
      );
      resolve(1);
    });
    child.on('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
