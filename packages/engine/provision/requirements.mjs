import { findProgram, run } from './processes.mjs';
import { SetupError } from './setup-error.mjs';

/** node-gyp's own minimum. */
const oldestPython = [3, 8];
/** What the manylinux_2_27 wheels are built for. */
const oldestGlibc = [2, 27];

/**
 * Refuses systems that the engine, or the published TensorFlow library, does not run on.
 * @param {{ platform: string, arch: string, glibc: string | undefined }} system
 * @param {{ wheel: boolean }} needs wheel: the published library, not one of the user's own
 */
export function requireLinux({ platform, arch, glibc }, { wheel }) {
  if (platform !== 'linux') {
    throw new SetupError(
      `The engine runs on Linux; this is ${platform} ${arch}. Use Linux, for example in a container.`,
    );
  }
  if (!wheel || (arch === 'x64' && glibc && !isOlder(glibc, oldestGlibc))) return;
  throw new SetupError(
    `TensorFlow's library is published for x86-64 with glibc ${oldestGlibc.join('.')} or newer; this is ${arch} ` +
      `with ${glibc ? `glibc ${glibc}` : 'another C library'}. Set RESIZER_TENSORFLOW to a TensorFlow 2 library for this machine.`,
  );
}

/** The system that this process runs on. */
export function thisSystem() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return { platform: process.platform, arch: process.arch, glibc: report.header.glibcVersionRuntime };
}

/**
 * @param {string} version
 * @param {number[]} oldest
 */
function isOlder(version, [oldestMajor = 0, oldestMinor = 0]) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}

/**
 * Finds Python 3, and pip where it is needed.
 * @param {NodeJS.ProcessEnv} env `PYTHON` names another Python
 * @param {{ pip: boolean }} needs
 * @returns {Promise<string>} the path of Python
 */
export async function requirePython(env, { pip }) {
  const python = findProgram([env['PYTHON'], 'python3', 'python'], env);
  const install = 'for example `sudo apt install python3 python3-pip`';
  if (!python)
    throw new SetupError(`Python 3 is missing. Install it, ${install}, or set PYTHON to its path.`);
  const question =
    'import sys, importlib.util; print("%d.%d" % sys.version_info[:2], importlib.util.find_spec("pip") is not None)';
  const { code, output } = await run(python, ['-c', question], { env });
  const [version = '', hasPip] = output.trim().split(' ');
  if (code !== 0 || isOlder(version, oldestPython)) {
    const found = code === 0 ? `Python ${version}` : 'not a working Python 3';
    throw new SetupError(
      `${python} is ${found}; set-up needs Python 3.8 or newer. Install it, ${install}, or set PYTHON to its path.`,
    );
  }
  if (pip && hasPip !== 'True') {
    throw new SetupError(
      `${python} has no pip, which downloads TensorFlow. Install it, for example \`sudo apt install python3-pip\`.`,
    );
  }
  return python;
}

/**
 * Finds the C++ compiler and make.
 * @param {NodeJS.ProcessEnv} env `CXX` names another compiler
 * @returns {string} the compiler's command
 */
export function requireCompiler(env) {
  const compiler = findProgram([env['CXX']?.split(' ')[0], 'g++', 'clang++', 'c++'], env);
  const make = findProgram(['make'], env);
  if (compiler && make) return env['CXX'] || compiler;
  const missing = [!compiler && 'a C++ compiler', !make && 'make'].filter(Boolean).join(' and ');
  throw new SetupError(
    `Set-up compiles a small library and finds no ${missing.replace(/^a /, '')}. ` +
      'Install what is missing, for example `sudo apt install build-essential`.',
  );
}

/**
 * Refuses a cache that the build could not use: make cuts paths at spaces.
 * @param {string} cache
 */
export function requirePlainPath(cache) {
  if (!/[\s#$'"]/.test(cache)) return;
  throw new SetupError(
    `Nothing can be compiled in ${cache}: make cannot handle the spaces or special characters of its path. ` +
      'Set RESIZER_CACHE to a folder with a plain path.',
  );
}
