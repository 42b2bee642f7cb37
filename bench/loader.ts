import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UserError } from '@resizer-lab/base';
import { dataRoot, openDataset } from '@resizer-lab/datasets';
import { command } from './src/command.ts';
import { type Peer, pythonOf } from './src/environment.ts';
import {
  type LoadedEpochs,
  loaderTable,
  slowdown,
  text,
  trainingTable,
  type TrainedEpoch,
} from './src/loader-markdown.ts';
import { type LoaderWork, photosOf, resultOf, type TransformName, transforms } from './src/loader-work.ts';
import { busyText } from './src/format.ts';
import { machineNow } from './src/machine.ts';

const usage = `Usage: npm run bench:loader -- [options]

Measures how fast photos come: beside the training of MobileNet-v2 at 64 px, and alone against PyTorch's
DataLoader and tf.data. Needs RESIZER_DATA with imagenette. Keep the machine idle meanwhile.

  --part NAME        training or loaders; both by default
  --transform NAME   stretch or crop; both by default
  --json             prints every epoch as JSON
  --output FILE      writes the Markdown there, too

Example: npm run bench:loader -- --part training --transform stretch
`;

const SIZE = 64;
const BATCH = 32;
/** Fresh processes of each loader. */
const ROUNDS = 3;

type Part = 'training' | 'loaders';
const common = { root: dataRoot(), size: SIZE, batch: BATCH };
const pace = {
  training: { epochs: 8, photosPerClass: 200 },
  loaders: { epochs: 3, photosPerClass: 150 },
} as const;

/** Calls with an empty folder, which is gone afterwards. */
async function inScratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'resizer-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ours(script: string, work: object): Promise<unknown> {
  const path = join(import.meta.dirname, script);
  return resultOf(process.execPath, ['--import', 'tsx', path, JSON.stringify(work)]);
}

function trainedEpochs(transform: TransformName): Promise<TrainedEpoch[]> {
  return inScratch(async (scratch) => {
    mkdirSync(join(scratch, 'run'));
    const work: LoaderWork = { ...common, ...pace.training, transform, scratch };
    return (await ours('loader-training.ts', work)) as TrainedEpoch[];
  });
}

async function loadedEpochs(transform: TransformName): Promise<LoadedEpochs[]> {
  const runs: LoadedEpochs[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, start] of contestants) {
      const run = await inScratch((scratch) => start({ ...common, ...pace.loaders, transform, scratch }));
      runs.push({ name, ...(run as Omit<LoadedEpochs, 'name'>) });
    }
  }
  return runs;
}

const contestants = new Map<string, (work: LoaderWork) => Promise<unknown>>([
  ['resizer-lab, 1 thread', (work) => ours('loader-ours.ts', { ...work, workers: 1 })],
  ['resizer-lab, 2 threads', (work) => ours('loader-ours.ts', { ...work, workers: 2 })],
  ['PyTorch DataLoader, 2 workers', (work) => peer('torch-loader', 'torch_loader.py', { work })],
  ['tf.data', (work) => peer('keras', 'tf_loader.py', { work })],
  ['tf.data, cache in files', (work) => peer('keras', 'tf_loader.py', { work, cache: work.scratch })],
  ['tf.data, cache in memory', (work) => peer('keras', 'tf_loader.py', { work, cache: 'memory' })],
]);

async function peer(
  name: Peer,
  script: string,
  { work, cache }: { work: LoaderWork; cache?: string },
): Promise<unknown> {
  const { manifest, folder } = await openDataset(photosOf(work), { root: work.root });
  const list = join(work.scratch, 'photos.txt');
  writeFileSync(list, manifest.splits.train.map(({ path }) => join(folder!, path)).join('\n'));
  const { transform, size, batch, epochs } = work;
  const options = { list, transform, size, batch, epochs, ...(cache && { cache }) };
  const args = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)]);
  return resultOf(await pythonOf(name), [join(import.meta.dirname, 'peers', script), ...args]);
}

interface Request {
  parts: readonly Part[];
  transforms: readonly TransformName[];
  json: boolean;
  output: string | undefined;
}

/** @throws UserError for a part or transform that there is not */
function requestOf(args: string[]): Request | undefined {
  const string = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const options = { part: string, transform: string, json: flag, output: string, help: flag };
  const { values } = parseArgs({ args, options });
  if (values.help) return undefined;
  const chosen = <T extends string>(option: string, value: string | undefined, all: readonly T[]) => {
    const found = value === undefined ? all : all.filter((name) => name === value);
    if (found.length > 0) return found;
    throw new UserError(`--${option} ${value} is none of ${all.join(', ')}.`, { exitCode: 2 });
  };
  return {
    parts: chosen('part', values.part, ['training', 'loaders']),
    transforms: chosen('transform', values.transform, Object.keys(transforms) as TransformName[]),
    json: values.json,
    output: values.output,
  };
}

const titles: Readonly<Record<TransformName, string>> = {
  stretch: 'resized 224 → 64, mirrored at random',
  crop: 'random crop resized to 64, mirrored at random',
};

async function bench({ parts, transforms: names, json, output }: Request): Promise<void> {
  const { date, cpu, cores, system, busy } = await machineNow();
  const results: Record<string, unknown> = { sitting: { date, cpu, cores, system, busy } };
  const lines = [
    '## Photos',
    '',
    `${date.slice(0, 16)}Z, ${cores} cores of ${cpu}, ${system}, ${busyText(busy)}. ` +
      `Imagenette, batches of ${BATCH}. Medians, with the smallest and largest.`,
  ];
  for (const transform of names) {
    if (parts.includes('training')) {
      const epochs = await trainedEpochs(transform);
      results[`training/${transform}`] = epochs;
      lines.push('', `### MobileNet-v2 at ${SIZE} px in training: ${titles[transform]}`, '');
      lines.push(...trainingTable(epochs), '');
      lines.push(
        `An epoch from the cache took ${text(slowdown(epochs), 1)} % longer than those with held batches around it.`,
      );
    }
    if (parts.includes('loaders')) {
      const runs = await loadedEpochs(transform);
      results[`loaders/${transform}`] = runs;
      lines.push('', `### Loaders alone: ${titles[transform]}`, '', ...loaderTable(runs));
    }
  }
  const page = `${lines.join('\n')}\n`;
  if (output) writeFileSync(output, page);
  process.stdout.write(json ? `${JSON.stringify(results, null, 2)}\n` : page);
}

await command(async () => {
  const request = requestOf(process.argv.slice(2));
  if (request) await bench(request);
  else process.stdout.write(usage);
});
