import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import v8 from 'node:v8';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@resizer-lab/base';
import { z } from 'zod';
import { type CellContext, defineStudy } from '../study.ts';

const cell = z.strictObject({ name: z.string(), seed: z.int(), milliseconds: z.int() });

/**
 * A study that computes nothing: each cell waits. `<dataRoot>/behaviour.json` maps a cell's name to
 * how it misbehaves; `<dataRoot>/witness.txt` gets a line when an attempt starts and when it ends.
 */
export const noop = defineStudy({
  name: 'noop',
  config: z.strictObject({
    milliseconds: z.int().min(0).default(0),
    /** Each cell by name, with those that it needs. */
    graph: z.record(z.string(), z.array(z.string())),
  }),
  cell,
  measurements: z.strictObject({ value: z.number(), from: z.array(z.number()) }),
  photos: () => ({ kind: 'labels', path: 'none', file: 'none' }),
  datasets: () => Promise.resolve({ train: 'hash-of-train' }),
  cells: ({ graph, milliseconds }, seeds) =>
    seeds.flatMap((seed) =>
      Object.entries(graph).map(([name, needs]) => ({
        id: `${name}/seed${seed}`,
        config: { name, seed, milliseconds },
        data: ['train'],
        needs: Object.fromEntries(needs.map((other) => [other, `${other}/seed${seed}`])),
      })),
    ),
  async run({ id, config, needs }, context) {
    const { dataRoot, signal } = context;
    const witness = (what: string) => appendFileSync(join(dataRoot, 'witness.txt'), `${what} ${id}\n`);
    witness('start');
    misbehave(config.name, context);
    for (let waited = 0; waited < config.milliseconds; waited += 10) {
      const done = { step: waited, steps: config.milliseconds, epoch: 1, epochs: 1 };
      context.progress({ ...done, loss: 0, images: 0 });
      await sleep(10);
      signal.throwIfAborted();
    }
    if (behaviour(config.name, dataRoot) === 'late error') throw new UserError('too late');
    witness('end');
    const from = Object.keys(needs).map(
      (role) =>
        z.object({ measurements: z.object({ value: z.number() }) }).parse(resultOf(context.need(role)))
          .measurements.value,
    );
    return { value: isNaN(config.name, dataRoot) ? Number.NaN : from.reduce((a, b) => a + b, 1), from };
  },
  tables: (records) => Promise.resolve(records.map(({ id, measurements }) => `${id}: ${measurements.value}`)),
});

function resultOf(directory: string): unknown {
  return JSON.parse(readFileSync(join(directory, 'result.json'), 'utf8'));
}

function behaviour(name: string, dataRoot: string): string | undefined {
  const file = join(dataRoot, 'behaviour.json');
  if (!existsSync(file)) return undefined;
  return z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(file, 'utf8')))[name];
}

function isNaN(name: string, dataRoot: string): boolean {
  return behaviour(name, dataRoot) === 'nan';
}

function misbehave(name: string, { dataRoot, directory }: CellContext): void {
  console.log(`working on ${name}`);
  const actions: Record<string, () => void> = {
    'user error': () => {
      throw new UserError('photo 7 cannot be read; check the data');
    },
    bug: () => {
      throw new TypeError('undefined is not a tensor');
    },
    abort: () => process.abort(),
    'no tensor': () => {
      throw new Error(
        'OOM when allocating tensor with shape[8,1536,1536,512] and type float on /job:localhost',
      );
    },
    exit: () => process.exit(3),
    'fill disk': () => {
      try {
        writeFileSync(join(directory, 'filler'), Buffer.alloc(1e6));
      } catch {
        // As much as fits.
      }
    },
    kill: () => process.kill(process.pid, 'SIGKILL'),
    memory: () => {
      v8.setFlagsFromString('--max-old-space-size=60');
      for (const kept: number[][] = []; ; ) kept.push(new Array<number>(1e5).fill(0.5));
    },
  };
  actions[behaviour(name, dataRoot) ?? '']?.();
}
