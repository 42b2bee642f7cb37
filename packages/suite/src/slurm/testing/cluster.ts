import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../../slurm/local-cluster.sh', import.meta.url));

const isThere = (program: string) => spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0;
/** Whether a Slurm can be started here; tests that need it are skipped otherwise. */
export const canStartSlurm =
  process.getuid?.() === 0 && ['munged', 'slurmctld', 'slurmd', 'sbatch', 'setpriv'].every(isThere);
/** For the names of those tests. */
export const NEEDS_SLURM = '(needs root, and slurm-wlm and munge installed)';

/**
 * Starts a real Slurm on this machine, with further lines for its slurm.conf, and points this process'
 * commands to it.
 * @returns what ends it.
 */
export async function startSlurm(options: readonly string[] = []): Promise<() => Promise<void>> {
  const folder = mkdtempSync('/tmp/slurm-');
  const cluster = spawn(script, [folder, 'sh', '-c', 'echo up; exec cat'], {
    env: { ...process.env, SLURM_TEST_OPTIONS: options.join('\n') },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(cluster, 'close');
  const isUp = await Promise.race([once(cluster.stdout, 'data'), ended.then(() => undefined)]);
  if (isUp === undefined) throw new Error(`${script} did not start Slurm`);
  process.env['SLURM_CONF'] = `${folder}/slurm.conf`;
  return async () => {
    delete process.env['SLURM_CONF'];
    // Its command reads until here.
    cluster.stdin.end();
    await ended;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}
