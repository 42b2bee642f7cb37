import { createLoader, openDataset } from '@resizer-lab/datasets';
import { loaderOptions, type LoaderWork, photosOf } from './src/loader-work.ts';

/* Our loader without a training: seconds of each epoch, the first of which fills the cache. */

const work = JSON.parse(process.argv[2]!) as LoaderWork & { workers: number };
const dataset = await openDataset(photosOf(work), { root: work.root });
const loader = createLoader(dataset, { ...loaderOptions(work), workers: work.workers });
const seconds: number[] = [];
let seen = 0;
for (let epoch = 0; epoch < work.epochs; epoch++) {
  const start = performance.now();
  for await (const { images } of loader.epoch(epoch)) seen += images[0]! >= 0 ? work.batch : 0;
  seconds.push((performance.now() - start) / 1000);
}
await loader.close();
console.log(JSON.stringify({ photos: seen / work.epochs, seconds }));
