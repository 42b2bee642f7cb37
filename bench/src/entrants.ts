import { join } from 'node:path';
import type { Entrant } from './contestant.ts';
import { type Peer, pythonOf } from './environment.ts';
import { argumentsOf, type Work } from './work.ts';

/** The name of our contestant. */
export const OURS = 'resizer-lab';

interface Variant {
  peer: Peer;
  variant: string;
}

/** Every peer in the forms in which its users run it, by name. */
export const peers: ReadonlyMap<string, Variant> = new Map([
  ['keras graph', { peer: 'keras', variant: 'graph' }],
  ['keras xla', { peer: 'keras', variant: 'xla' }],
  ['keras eager', { peer: 'keras', variant: 'eager' }],
  ['torch eager', { peer: 'torch', variant: 'eager' }],
  ['torch compile', { peer: 'torch', variant: 'compile' }],
] satisfies [string, Variant][]);

/** Those that start in seconds. */
export const quickPeers = ['keras graph', 'torch eager'];

const bench = join(import.meta.dirname, '..');

/** Our contestant: Node and the product's own code. */
export function ourEntrant(work: Work): Entrant {
  const args = ['--import', 'tsx', join(bench, 'ours.ts'), ...argumentsOf(work)];
  return { name: OURS, command: process.execPath, args };
}

/**
 * A peer's contestant, its environment installed if need be.
 * @param scratch an empty folder: torch.compile finds nothing compiled before, as on a first run
 */
export async function peerEntrant(name: string, work: Work, scratch: string): Promise<Entrant> {
  const { peer, variant } = peers.get(name)!;
  const script = join(bench, 'peers', `${peer}_contestant.py`);
  return {
    name,
    command: await pythonOf(peer),
    args: [script, '--variant', variant, ...argumentsOf(work)],
    env: { PYTHONDONTWRITEBYTECODE: '1', TORCHINDUCTOR_CACHE_DIR: scratch },
  };
}

/** A large matrix product by TensorFlow in this same sitting: what the machine's arithmetic can do. */
export function matrixProductEntrant(): Entrant {
  return {
    name: 'matrix product',
    command: process.execPath,
    args: ['--import', 'tsx', join(bench, 'matrix-product.ts')],
  };
}
