import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A checkout to try set-up on as a user does, without its downloads: the real scripts, a wheel of a few
 * bytes in a folder that pip takes for its index, and stand-ins for npm and node-gyp. The stand-ins note
 * each call, and are as slow as SLOW_<NAME> says (seconds).
 */
export interface FakeCheckout {
  root: string;
  cache: string;
  env: Record<string, string>;
  /** Starts `setup.mjs` or `start.mjs`. */
  begin: (script: 'setup' | 'start', args?: string[], env?: Record<string, string>) => Running;
  /** What the stand-ins were called for, in order. */
  calls: () => string[];
  engine: () => { binding: string; library: string; tensorflow: string; requested: string };
}

export interface Running {
  child: ChildProcess;
  /** All it has printed so far. */
  printed: () => string;
  /** Resolves when it has printed the text. */
  until: (text: string) => Promise<void>;
  done: Promise<{ code: number | null; printed: string }>;
}

export const provisionFolder = fileURLToPath(new URL('../../provision', import.meta.url));

/** What all fake checkouts of a test file share. */
export function fakeWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'resizer-lab-setup-'));
  const ask = ['-c', 'import sys; print(sys.executable)'];
  const python = execFileSync('python3', ask, { encoding: 'utf8' }).trim();
  const index = join(folder, 'index');
  mkdirSync(index);
  const sha256 = makeWheel(index, python);
  const addon = makeAddon(folder);
  return {
    /** The real Python. */
    python,
    checkout: (name: string, cache = `cache-${name}`): FakeCheckout =>
      makeCheckout({
        root: join(folder, name),
        cache: join(folder, cache),
        sha256,
        tools: { index, addon, python },
      }),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const headers = ['c/c_api.h', 'c/eager/c_api.h'];

function makeWheel(index: string, python: string): string {
  const name = 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl';
  const info = 'tensorflow_cpu-2.21.0.dist-info';
  const members = {
    'tensorflow/libtensorflow_cc.so.2': 'core '.repeat(1000),
    'tensorflow/libtensorflow_framework.so.2': 'framework',
    ...Object.fromEntries(headers.map((path) => [`tensorflow/include/tensorflow/${path}`, '// header'])),
    'tensorflow/python/not_wanted.py': 'pass',
    [`${info}/METADATA`]: 'Metadata-Version: 2.1\nName: tensorflow_cpu\nVersion: 2.21.0\n',
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_27_x86_64\n',
    [`${info}/RECORD`]: '',
  };
  writeZip(join(index, name), members, python);
  return createHash('sha256')
    .update(readFileSync(join(index, name)))
    .digest('hex');
}

/** A zip archive of some texts. */
export function writeZip(path: string, members: Record<string, string>, python = 'python3'): void {
  const script =
    'import json,sys,zipfile\nwith zipfile.ZipFile(sys.argv[1],"w") as z:\n for k,v in json.loads(sys.argv[2]).items(): z.writestr(k,v)';
  execFileSync(python, ['-c', script, path, JSON.stringify(members)]);
}

/** A native module that says it is TensorFlow 2.21.0. Written against Node's stable ABI, it needs no headers. */
function makeAddon(folder: string): string {
  const source = join(folder, 'addon.c');
  writeFileSync(
    source,
    `#include <stddef.h>
    int napi_create_string_utf8(void*, const char*, size_t, void**);
    int napi_set_named_property(void*, void*, const char*, void*);
    void* napi_register_module_v1(void* env, void* exports) {
      void* version;
      napi_create_string_utf8(env, "2.21.0", 6, &version);
      napi_set_named_property(env, exports, "TF_Version", version);
      return exports;
    }`,
  );
  const addon = join(folder, 'addon.node');
  execFileSync('cc', ['-shared', '-fPIC', '-o', addon, source]);
  return addon;
}

const npm = `import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
appendFileSync(process.env.CALLS, 'npm ' + process.argv[2] + '\\n');
rmSync('node_modules', { recursive: true, force: true });
const tfjs = 'node_modules/@tensorflow/tfjs-node-gpu';
for (const folder of [tfjs + '/binding', 'node_modules/node-gyp/bin', 'node_modules/.bin']) mkdirSync(folder, { recursive: true });
for (const name of ['package.json', 'binding.gyp', 'binding/a.cc']) writeFileSync(tfjs + '/' + name, '{}');
writeFileSync('node_modules/node-gyp/bin/node-gyp.js', readFileSync(process.env.NODE_GYP));
writeFileSync('node_modules/.bin/resizer', '#!/bin/sh\\necho "resizer $*"\\nexit 7\\n', { mode: 0o755 });
await sleep(1000 * (process.env.SLOW_NPM ?? 0));
writeFileSync('node_modules/.package-lock.json', readFileSync('package-lock.json'));
`;

const nodeGyp = `const fs = require('node:fs');
fs.appendFileSync(process.env.CALLS, 'node-gyp\\n');
setTimeout(() => {
  const helper = process.cwd().endsWith('/process');
  if (!helper && !fs.existsSync('deps/include/tensorflow/c/c_api.h')) process.exit(1);
  const libraries = helper ? [] : ['libtensorflow.so', 'libtensorflow_framework.so'];
  for (const lib of libraries) fs.readFileSync('deps/lib/' + lib);
  fs.mkdirSync('build/Release', { recursive: true });
  fs.copyFileSync(process.env.ADDON, 'build/Release/' + (helper ? 'process.node' : 'tfjs_binding.node'));
}, 1000 * (process.env.SLOW_GYP ?? 0));
`;

const python = `#!/bin/sh
case "$*" in
  *"pip download"*) echo pip >> "$CALLS"; sleep "\${SLOW_PIP:-0}";;
  *unpack.py*) echo unpack >> "$CALLS"; sleep "\${SLOW_UNPACK:-0}"
    if [ -n "$DISK_FULL" ]; then echo "OSError: [Errno 28] No space left on device" >&2; exit 1; fi;;
esac
exec REAL_PYTHON "$@"
`;

interface Parts {
  root: string;
  cache: string;
  sha256: string;
  tools: { index: string; addon: string; python: string };
}

function makeCheckout({ root, cache, sha256, tools }: Parts): FakeCheckout {
  const scripts = join(root, 'packages/engine/provision');
  const stubs = join(root, 'stubs');
  cpSync(provisionFolder, scripts, { recursive: true });
  mkdirSync(stubs);
  writeFileSync(join(stubs, 'npm.mjs'), npm);
  writeFileSync(join(stubs, 'node-gyp.js'), nodeGyp);
  writeFileSync(join(stubs, 'python3'), python.replace('REAL_PYTHON', tools.python));
  chmodSync(join(stubs, 'python3'), 0o755);
  writeFileSync(join(root, 'package.json'), '{"name":"fake"}');
  writeLock(root, '4.22.0');
  editJson<Wheels>(join(scripts, 'wheels.json'), (wheels) => {
    const wheel = { name: 'tensorflow_cpu', version: '2.21.0', sha256, bytes: 1000 };
    wheels.cpu = { diskBytes: 1000, wheels: [wheel] };
    wheels.gpu = wheels.cpu;
  });
  const callsFile = join(root, 'calls.log');
  const env = {
    PATH: `${stubs}:${process.env['PATH'] ?? ''}`,
    HOME: root,
    RESIZER_CACHE: cache,
    PIP_NO_INDEX: '1',
    PIP_FIND_LINKS: tools.index,
    PIP_CONFIG_FILE: '/dev/null',
    npm_execpath: join(stubs, 'npm.mjs'),
    CALLS: callsFile,
    NODE_GYP: join(stubs, 'node-gyp.js'),
    ADDON: tools.addon,
  };
  return {
    root,
    cache,
    env,
    begin: (script, args = [], extra = {}) =>
      begin(join(scripts, `${script}.mjs`), args, { cwd: root, env: { ...env, ...extra } }),
    calls: () => (existsSync(callsFile) ? readFileSync(callsFile, 'utf8').trim().split('\n') : []),
    engine: () =>
      JSON.parse(
        readFileSync(join(root, 'node_modules/.cache/resizer-lab/engine.json'), 'utf8'),
      ) as ReturnType<FakeCheckout['engine']>,
  };
}

interface Device {
  diskBytes: number;
  wheels: { name: string; version: string; sha256: string; bytes: number }[];
}
export interface Wheels {
  cpu: Device;
  gpu: Device;
}

/** Changes a JSON file in place. */
export function editJson<T>(path: string, edit: (value: T) => void): void {
  const value = JSON.parse(readFileSync(path, 'utf8')) as T;
  edit(value);
  writeFileSync(path, JSON.stringify(value));
}

/** A package-lock.json in which the TF.js package has a version. */
export function writeLock(root: string, version: string): void {
  const packages = { '': {}, 'node_modules/@tensorflow/tfjs-node-gpu': { version } };
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
}

function begin(
  script: string,
  args: string[],
  options: { cwd: string; env: Record<string, string> },
): Running {
  const child = spawn(process.execPath, [script, ...args], options);
  let printed = '';
  const listeners = new Set<() => void>();
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      for (const listener of listeners) listener();
    });
  }
  const done = new Promise<{ code: number | null; printed: string }>((resolve) => {
    child.on('exit', (code) => {
      resolve({ code, printed });
    });
  });
  const until = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (printed.includes(text)) resolve();
      };
      listeners.add(look);
      look();
      void done.then(() => {
        reject(new Error(`ended before it printed '${text}': ${printed}`));
      });
    });
  return { child, printed: () => printed, until, done };
}

/** Every file below a folder, by its path from there. Empty when there is no such folder. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
}
