import { join } from 'node:path';
import { type Batch, createLoader, type Loader, openDataset } from '@resizer-lab/datasets';
import { compile, float32, type Program } from '@resizer-lab/engine';
import { initialValues, parametersOf } from '@resizer-lab/layers';
import { classObjective, train, trainStep, variableShapes } from '@resizer-lab/training';
import { loaderOptions, type LoaderWork, photosOf } from './src/loader-work.ts';
import type { TrainedEpoch } from './src/loader-markdown.ts';
import { networkOf } from './src/network.ts';

/*
 * How much of training is steps? MobileNet-v2 is trained by the product's own loop. Its first epoch
 * decodes and fills the cache, and its batches are held in memory; from then on epochs with these held
 * batches, for which no thread works, take turns with epochs that come from the loader.
 */

const MODEL = 'mobilenetv2_1.0';
const CLASSES = 10;

const work = JSON.parse(process.argv[2]!) as LoaderWork;
const dataset = await openDataset(photosOf(work), { root: work.root });
const real = createLoader(dataset, loaderOptions(work));
const { program, shapes } = compiled(work);

const epochs: TrainedEpoch[] = [];
let stepping = 0;
const timed: Program = {
  ...program,
  run(name, args) {
    const start = performance.now();
    try {
      return program.run(name, args);
    } finally {
      stepping += performance.now() - start;
    }
  },
};

const held: Batch[] = [];
async function* timedEpoch(epoch: number): AsyncGenerator<Batch, undefined> {
  const kind = epoch === 0 ? 'first' : epoch % 2 === 1 ? 'held' : 'later';
  const start = performance.now();
  stepping = 0;
  try {
    for await (const batch of kind === 'held' ? held : real.epoch(epoch)) {
      if (kind === 'first') held.push(batch);
      yield batch;
    }
  } finally {
    const seconds = (performance.now() - start) / 1000;
    epochs.push({ kind, photos: real.steps * work.batch, seconds, stepSeconds: stepping / 1000 });
  }
}

const loader: Loader = { steps: real.steps, epoch: timedEpoch, close: () => real.close() };
await train({
  ...{ program: timed, shapes, loader, seed: 1, directory: join(work.scratch, 'run') },
  objective: classObjective({ labelSmoothing: 0.1 }),
  duration: { epochs: work.epochs },
  schedule: { rate: 0.005, decay: { factor: 1, everyEpochs: 1 } },
  checkpointEvery: { epochs: work.epochs },
  evaluate: () => Promise.resolve({}),
  photoNames: (indices) => [...indices].map(String),
});
await loader.close();
program.dispose();
console.log(JSON.stringify(epochs));

function compiled({ batch, size }: LoaderWork) {
  const network = networkOf({ model: MODEL, classes: CLASSES, size });
  const parameters = parametersOf(network, [float32(batch, size, size, 3)]);
  const trained = [...parameters.values()].filter(({ trainable }) => trainable).map(({ name }) => name);
  const shapes = variableShapes(parameters, trained);
  const objective = classObjective({ labelSmoothing: 0.1 });
  const program = compile(shapes, {
    train: trainStep(network, { batch, size: [size, size], objective, momentum: 0.9, trained }),
  });
  program.assign(initialValues(parameters, 1));
  return { program, shapes };
}
