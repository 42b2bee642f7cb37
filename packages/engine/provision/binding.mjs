import { existsSync, readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { isWhole, keepLog, publish, workFolder } from './cache.mjs';
import { run } from './processes.mjs';
import { SetupError } from './setup-error.mjs';
import { during } from './terminal.mjs';

/**
 * @typedef {object} Binding the native part of TF.js for Node, compiled against a library
 * @property {string} home its folder in the cache
 * @property {string} path the compiled file
 * @property {boolean} whole false when it has to be compiled first
 *
 * @typedef {import('./tensorflow.mjs').Library} Library
 */

const packageFolder = 'node_modules/@tensorflow/tfjs-node-gpu';
/** The newest version of Node's stable native interface that the package's sources know. */
const napi = 8;
/** The package's own place for it. From there it looks for TensorFlow in ../../deps/lib. */
const compiled = `lib/napi-v${napi}/tfjs_binding.node`;
/** Beside it, our own few lines about the process: TensorFlow's start-up chatter, memory that is free. */
const compiledProcess = join(dirname(compiled), 'process.node');
const versionFile = 'tensorflow.txt';
/** Raised when a binding's folder holds something new. */
const layout = 3;

/**
 * The binding of this checkout's package, this Node and a library.
 * @param {{ root: string, cache: string }} site
 * @param {Library} library
 * @returns {Binding}
 */
export function bindingFor({ root, cache }, library) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const { version } = packages[packageFolder];
  const key = `tfjs-${version}_${library.id}_node-${process.versions.modules}_${process.platform}-${process.arch}_${layout}`;
  const home = join(cache, 'bindings', key);
  return {
    home,
    path: join(home, compiled),
    whole: isWhole(home) && existsSync(join(home, 'deps/lib', library.core)),
  };
}

/**
 * The version of TensorFlow that a binding found when it was compiled.
 * @param {Binding} binding
 * @returns {string}
 */
export const tensorflowOf = (binding) => readFileSync(join(binding.home, versionFile), 'utf8');

/**
 * Compiles the binding outside of node_modules, tries it, and publishes it.
 * @param {import('./provision.mjs').Work} work
 * @param {{ binding: Binding, library: Library, python: string, compiler: string }} what
 */
export function buildBinding(work, { binding, library, python, compiler }) {
  return during(work.terminal, 'Compiling the TensorFlow binding', async () => {
    const source = await buildFolder(work, library);
    const env = { ...work.env, CXX: compiler, PYTHON: python };
    const variables = [`--napi_build_version=${napi}`, '--module_name=tfjs_binding'];
    await compile(work, {
      source,
      variables: [...variables, `--module_path=${join(source, dirname(compiled))}`],
      env,
    });
    await compile(work, { source: join(source, 'process'), variables: [], env });
    const folder = await assemble(work, source, { binding, library });
    await writeFile(join(folder, versionFile), await tryBinding(work, join(folder, compiled), library));
    await publish(folder, binding.home);
  });
}

/**
 * The package's sources beside deps/, as its build file wants them.
 * @param {import('./provision.mjs').Work} work
 * @param {Library} library
 * @returns {Promise<string>}
 */
async function buildFolder({ root, cache }, library) {
  const folder = await workFolder(cache, 'build');
  for (const name of ['binding', 'binding.gyp', 'package.json']) {
    await cp(join(root, packageFolder, name), join(folder, name), { recursive: true });
  }
  await cp(join(import.meta.dirname, 'process'), join(folder, 'process'), { recursive: true });
  await mkdir(join(folder, 'deps/lib'), { recursive: true });
  await symlink(library.include, join(folder, 'deps/include'));
  for (const [name, file] of [
    ['libtensorflow', library.core],
    ['libtensorflow_framework', library.framework],
  ]) {
    for (const suffix of ['.so', '.so.2']) {
      await symlink(join(library.folder, file ?? ''), join(folder, 'deps/lib', `${name}${suffix}`));
    }
  }
  return folder;
}

/**
 * @param {import('./provision.mjs').Work} work
 * @param {{ source: string, variables: string[], env: NodeJS.ProcessEnv }} what
 */
async function compile({ root, cache, lock }, { source, variables, env }) {
  const nodeGyp = join(root, 'node_modules/node-gyp/bin/node-gyp.js');
  const args = [nodeGyp, 'rebuild', '--jobs=2', ...variables];
  // Without installed headers node-gyp downloads those of this Node.
  const prefix = dirname(dirname(process.execPath));
  if (existsSync(join(prefix, 'include/node/node_api.h'))) args.push(`--nodedir=${prefix}`);
  const options = { cwd: source, env, signal: lock.signal, onStart: lock.child };
  const { code, output } = await run(process.execPath, args, options);
  if (code === 0) return;
  const log = await keepLog(cache, 'node-gyp', output);
  throw new SetupError(
    `The TensorFlow binding could not be compiled: ${compilerReason(output)}. Full output: ${log}`,
  );
}

/** @param {string} output */
function compilerReason(output) {
  if (/No space left|Disk quota exceeded/i.test(output)) return 'the disk is full';
  const line = /^.*\b(?:fatal error|error|cannot find|undefined reference)\b.*$/m.exec(
    output.replace(/^gyp (info|ERR! stack).*$/gm, ''),
  );
  return line?.[0].trim() ?? 'see its output';
}

/**
 * @param {import('./provision.mjs').Work} work
 * @param {string} source where both were compiled
 * @param {{ binding: Binding, library: Library }} what
 * @returns {Promise<string>} the folder to publish
 */
async function assemble({ cache }, source, { binding, library }) {
  const folder = await workFolder(cache, 'binding');
  await mkdir(dirname(join(folder, compiled)), { recursive: true });
  await mkdir(join(folder, 'deps'));
  await copyFile(join(source, 'build/Release/tfjs_binding.node'), join(folder, compiled));
  await copyFile(join(source, 'process/build/Release/process.node'), join(folder, compiledProcess));
  // A link to the folder, not to the files: the library looks for CUDA relative to where it lies.
  const inCache = !relative(cache, library.folder).startsWith('..');
  const target = inCache ? relative(join(binding.home, 'deps'), library.folder) : library.folder;
  await symlink(target, join(folder, 'deps/lib'));
  return folder;
}

/**
 * Loads the binding in a process of its own.
 * @param {import('./provision.mjs').Work} work
 * @param {string} path
 * @param {Library} library
 * @returns {Promise<string>} TensorFlow's version
 */
async function tryBinding({ cache, env, lock }, path, library) {
  const question = 'process.stdout.write(`TensorFlow=${require(process.argv[1]).TF_Version}\\n`)';
  const options = { env: { ...env, TF_CPP_MIN_LOG_LEVEL: '3' }, signal: lock.signal, onStart: lock.child };
  const answer = await run(process.execPath, ['-e', question, path], options);
  const version = /^TensorFlow=(\S+)$/m.exec(answer.output)?.[1];
  if (answer.code === 0 && version) return version;
  const log = await keepLog(cache, 'load', answer.output);
  const reason = /^Error: (.*)$/m.exec(answer.output)?.[1] ?? `exit code ${answer.code}`;
  throw new SetupError(`TensorFlow cannot be loaded from ${library.folder}: ${reason}. Full output: ${log}`);
}
