import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfigs } from '@resizer-lab/suite';
import { surviveKills } from '@resizer-lab/suite/testing';
import { studies } from '../src/studies.ts';

/*
 * Kills a suite and its cells with SIGKILL at random moments, and holds its end against that of a run
 * that nobody disturbed: no finished cell lost or repeated, no damaged file, the same bytes.
 *
 *   npx tsx packages/cli/scripts/random-kills.ts --kills 200 --seed 1 configs/smoke
 */

const bin = join(import.meta.dirname, '../bin/resizer.mjs');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    'max-seconds': { type: 'string', default: '10' },
  },
});
const paths = positionals.length > 0 ? positionals : [join(import.meta.dirname, '../../../configs/smoke')];
const [suite, ...others] = new Set((await loadConfigs(paths, studies)).map((config) => config.suite));
if (suite === undefined || others.length > 0) throw new Error('name the configs of one suite');

const folder = await mkdtemp(join(tmpdir(), 'resizer-kills-'));
const spent = await surviveKills({
  command: (results) => [process.execPath, bin, 'run', ...paths, '--results', results],
  results: { calm: join(folder, 'calm'), killed: (round) => join(folder, `killed-${round}`) },
  suite,
  kills: Number(values.kills),
  seed: Number(values.seed),
  maxSeconds: Number(values['max-seconds']),
  evidence: ['metrics.jsonl', 'predictions.jsonl', 'weights.safetensors'],
  say: (line) => console.log(line),
});
await rm(folder, { recursive: true });
console.log(`survived ${spent.runner} kills of the runner and ${spent.cell} of a cell`);
