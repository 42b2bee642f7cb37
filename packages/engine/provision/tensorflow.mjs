import { createHash } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isWhole, keepLog, publish, workFolder } from './cache.mjs';
import { run } from './processes.mjs';
import { diskFull, SetupError } from './setup-error.mjs';
import { during, megabytes } from './terminal.mjs';

/**
 * @typedef {object} Library a TensorFlow library: its C interface is what the binding uses
 * @property {string} id
 * @property {string} folder holds `core` and `framework`
 * @property {string} include
 * @property {string} core file name
 * @property {string} framework file name
 * @property {boolean} whole false when it has to be downloaded first
 *
 * @typedef {object} Wheel
 * @property {string} name
 * @property {string} version
 * @property {string} sha256
 * @property {number} bytes
 *
 * @typedef {object} Wheels
 * @property {string} version
 * @property {string[]} platforms
 * @property {{ diskBytes: number, wheels: Wheel[] }} cpu
 * @property {{ diskBytes: number, wheels: Wheel[] }} gpu
 * @property {string[]} take globs of the members to unpack
 */

const framework = 'libtensorflow_framework.so.2';
const cores = ['libtensorflow_cc.so.2', 'libtensorflow.so.2'];
const header = 'tensorflow/c/c_api.h';

/**
 * The library that this set-up is about.
 * @param {object} site
 * @param {string} site.cache
 * @param {NodeJS.ProcessEnv} site.env
 * @param {Wheels} site.wheels
 * @param {'cpu' | 'gpu'} device
 * @returns {Library}
 * @throws SetupError when RESIZER_TENSORFLOW is not a library
 */
export function libraryFor({ cache, env, wheels }, device) {
  if (env['RESIZER_TENSORFLOW']) return ownLibrary(resolve(env['RESIZER_TENSORFLOW']));
  const id = `tensorflow-${wheels.version}-${device}`;
  const folder = join(libraryHome(cache, id), 'tensorflow');
  const [core = ''] = cores;
  return {
    id,
    folder,
    include: join(folder, 'include'),
    core,
    framework,
    whole: isWhole(libraryHome(cache, id)),
  };
}

/**
 * @param {string} cache
 * @param {string} id
 */
const libraryHome = (cache, id) => join(cache, 'libraries', id);

/**
 * A library that the user has: a folder with lib/ and include/, as TensorFlow's C archive has it, or
 * the `tensorflow` folder of an installed Python package.
 * @param {string} home
 * @returns {Library}
 */
function ownLibrary(home) {
  const complain = (/** @type {string} */ problem) =>
    new SetupError(
      `RESIZER_TENSORFLOW=${home}: ${problem}. It must be a folder that holds lib/${cores[1]} and include/, ` +
        'or the `tensorflow` folder of an installed Python package.',
    );
  if (!existsSync(home)) throw complain('there is no such folder');
  for (const folder of [join(home, 'lib'), home]) {
    const core = cores.find((name) => existsSync(join(folder, name)));
    if (!core) continue;
    const include = join(home, 'include');
    if (!existsSync(join(folder, framework))) throw complain(`${join(folder, framework)} is missing`);
    if (!existsSync(join(include, header))) throw complain(`${join(include, header)} is missing`);
    return { id: identityOf(join(folder, core)), folder, include, core, framework, whole: true };
  }
  throw complain(`it holds neither ${cores.join(' nor ')}`);
}

/** @param {string} path */
function identityOf(path) {
  const real = realpathSync(path);
  const { size, mtimeMs } = statSync(real);
  return `own-${createHash('sha256')
    .update(JSON.stringify([real, size, mtimeMs]))
    .digest('hex')
    .slice(0, 16)}`;
}

/**
 * Downloads the pinned wheels one after the other, unpacks what is needed, and publishes the library.
 * @param {import('./provision.mjs').Work} work
 * @param {{ library: Library, device: 'cpu' | 'gpu', wheels: Wheels, python: string }} what
 */
export async function fetchLibrary(work, { library, device, wheels, python }) {
  const folder = await workFolder(work.cache, library.id);
  for (const wheel of wheels[device].wheels) {
    const label = `${wheel.name} ${wheel.version}`;
    const path = await during(work.terminal, `Downloading ${label}`, (update) =>
      download({ ...work, update }, wheel, { python, platforms: wheels.platforms }),
    );
    await during(work.terminal, `Unpacking ${label}`, (update) =>
      unpack({ ...work, update }, path, { folder, python, take: wheels.take }),
    );
    await rm(path);
  }
  for (const name of [library.core, library.framework, `include/${header}`]) {
    if (!existsSync(join(folder, 'tensorflow', name))) {
      throw new SetupError(
        `The TensorFlow wheel holds no tensorflow/${name}; its pin in wheels.json is wrong.`,
      );
    }
  }
  await publish(folder, libraryHome(work.cache, library.id));
}

/** @typedef {import('./provision.mjs').Work & { update: (detail: string) => void }} WorkStep */

/**
 * @param {WorkStep} work
 * @param {Wheel} wheel
 * @param {{ python: string, platforms: string[] }} options
 * @returns {Promise<string>} the wheel's path
 */
async function download({ cache, env, update, lock }, wheel, { python, platforms }) {
  const folder = await workFolder(cache, 'download');
  const pinned = join(folder, 'requirements.txt');
  await writeFile(pinned, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const args = ['-m', 'pip', 'download', '--no-deps', '--require-hashes', '--only-binary=:all:'];
  args.push('--python-version=3.11', ...platforms.map((platform) => `--platform=${platform}`));
  args.push('--no-cache-dir', '--disable-pip-version-check', '--no-input', '--progress-bar=off');
  args.push(`--dest=${folder}`, `--requirement=${pinned}`);
  // pip's own temporary files lie in our folder as well: seen by the progress, and swept away.
  const options = { env: { ...env, TMPDIR: folder }, signal: lock.signal, onStart: lock.child };
  const watch = setInterval(() => {
    void bytesIn(folder).then((bytes) => update(megabytes(bytes, wheel.bytes)));
  }, 500);
  const { code, output } = await run(python, args, options).finally(() => clearInterval(watch));
  const name = (await readdir(folder)).find((file) => file.endsWith('.whl'));
  if (code === 0 && name) return join(folder, name);
  const log = await keepLog(cache, 'pip-download', output);
  throw new SetupError(
    `${wheel.name} ${wheel.version} could not be downloaded: ${pipReason(output)}. pip's output: ${log}`,
  );
}

/**
 * @param {string} folder
 * @returns {Promise<number>}
 */
async function bytesIn(folder) {
  let bytes = 0;
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of entries)
    bytes += await stat(join(folder, name)).then(
      (s) => (s.isFile() ? s.size : 0),
      () => 0,
    );
  return bytes;
}

/** @param {string} output */
function pipReason(output) {
  if (/Errno (28|122)\b|No space left|quota exceeded/i.test(output)) return 'the disk is full';
  if (/DO NOT MATCH THE HASHES/i.test(output))
    return 'the package index gave another file than the pinned one';
  if (
    /NewConnectionError|ConnectTimeout|NameResolution|ProxyError|Read timed out|Connection (refused|reset)/i.test(
      output,
    )
  ) {
    return 'the package index cannot be reached; check the network, the proxy and `pip config list`, or set RESIZER_TENSORFLOW to a library that is already there';
  }
  const errors = [...output.matchAll(/^ERROR: (.*?)\.?$/gm)];
  return errors.at(-1)?.[1] ?? 'see its output';
}

/**
 * @param {WorkStep} work
 * @param {string} wheel
 * @param {{ folder: string, python: string, take: string[] }} options
 */
async function unpack({ update, lock }, wheel, { folder, python, take }) {
  const script = fileURLToPath(new URL('unpack.py', import.meta.url));
  const { code, output } = await run(python, [script, wheel, folder, ...take], {
    signal: lock.signal,
    onStart: lock.child,
    onOutput(text) {
      const bytes = Number(text.trim().split('\n').at(-1));
      if (bytes) update(`${Math.round(bytes / 1e6)} MB`);
    },
  });
  if (code === 0) return;
  if (/Errno (28|122)\b/.test(output)) throw new SetupError(diskFull(folder));
  throw new SetupError(`${wheel} could not be unpacked: ${output.trim().split('\n').at(-1) ?? ''}`);
}
