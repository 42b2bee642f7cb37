import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('wasm/mix.wasm is what `npm run wasm` makes of wasm/mix.ts', async () => {
  const cwd = join(import.meta.dirname, '..');
  const { scripts } = JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8')) as {
    scripts: { wasm: string };
  };
  const scratch = await mkdtemp(join(tmpdir(), 'resizer-wasm-'));
  const built = join(scratch, 'mix.wasm');
  const command = scripts.wasm.split(' ').map((word) => (word === 'wasm/mix.wasm' ? built : word));
  await promisify(execFile)('npx', ['--no', ...command], { cwd });
  expect(await readFile(join(cwd, 'wasm/mix.wasm'))).toEqual(await readFile(built));
  await rm(scratch, { recursive: true });
}, 60_000);
