import { execFileSync, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';

/** Arguments for Node to run the source of a module, which may import TypeScript. */
export const runModule = (source: string): string[] => [
  '--import',
  'tsx',
  '--input-type=module',
  '-e',
  source,
];

/** Whether this account may mount a disk that only one process sees. */
export const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

/**
 * Runs a module in another process, for which a disk of 256 KiB is mounted on the folder
 * `process.env.FOLDER`. The mount is gone with the process. Returns the values it printed, one
 * JSON text a line.
 */
export function onTinyDisk(folder: string, source: string): unknown[] {
  const script = 'mount -t tmpfs -o size=256k tmpfs "$FOLDER" && exec "$0" "$@"';
  const command = ['-rm', 'sh', '-c', script, process.execPath, ...runModule(source)];
  const env = { ...process.env, FOLDER: folder };
  const output = execFileSync('unshare', command, { cwd: import.meta.dirname, env, encoding: 'utf8' });
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}
