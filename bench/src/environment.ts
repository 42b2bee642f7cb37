import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, UserError } from '@resizer-lab/base';
import { cacheFolder, keepLog } from '../../packages/engine/provision/cache.mjs';
import { run } from '../../packages/engine/provision/processes.mjs';
import { requirePython } from '../../packages/engine/provision/requirements.mjs';
import { during, terminal } from '../../packages/engine/provision/terminal.mjs';

/** The frameworks that we are compared with. Each has its own Python environment. */
export type Peer = 'keras' | 'torch' | 'torch-loader';

/** Written last, so that an environment whose installation was killed is made anew. */
const finished = 'finished';

/**
 * The Python of a peer's environment, which is installed into the user's cache when it is not there.
 * The pinned requirements name the environment: another pin, another environment.
 * @returns path of the interpreter
 * @throws UserError when Python, pip or the network fail
 */
export async function pythonOf(peer: Peer): Promise<string> {
  const requirements = join(import.meta.dirname, '../peers', `requirements-${peer}.txt`);
  const base = await requirePython(process.env, { pip: true });
  const { output: version } = await run(base, ['-c', 'import sys; print(sys.version)'], { env: process.env });
  const key = sha256(readFileSync(requirements, 'utf8') + version).slice(0, 12);
  const folder = join(cacheFolder(process.env), 'bench', `${peer}-${key}`);
  const python = join(folder, 'bin', 'python');
  if (existsSync(join(folder, finished))) return python;

  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await during(terminal(), `Installing ${peer} for the comparison`, async () => {
    await install(peer, base, ['-m', 'venv', folder]);
    await install(peer, python, ['-m', 'pip', 'install', '--no-input', '--requirement', requirements]);
  });
  await writeFile(join(folder, finished), '');
  return python;
}

async function install(peer: Peer, python: string, args: string[]): Promise<void> {
  const { code, output } = await run(python, args, { env: process.env });
  if (code === 0) return;
  const log = await keepLog(cacheFolder(process.env), `bench-${peer}`, output);
  const reason = output.trim().split('\n').at(-1) ?? '';
  throw new UserError(
    `The Python environment of ${peer} could not be installed: ${reason}. Its output: ${log}. ` +
      'Run `npm run bench -- --peers none` to measure without peers.',
  );
}
