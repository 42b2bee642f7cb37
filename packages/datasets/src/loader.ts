import { stream, UserError } from '@resizer-lab/base';
import type { Batch, BatchItems, BatchPlan } from './batch.ts';
import { BatchWorker, CLOSED } from './batch-worker.ts';
import type { SplitName } from './config.ts';
import type { Dataset } from './manifest.ts';
import { claimRoom, type PhotoCache, preparedPlan, warnUnkept } from './photo-cache.ts';
import { checkTransform, type Size, type Transform } from './transform.ts';

export interface LoaderOptions {
  readonly split: SplitName;
  /** Photos a batch. */
  readonly batch: number;
  /** Size of the photos in a batch, [height, width]. */
  readonly size: Size;
  readonly transform: Transform;
  /** Of the order and the augmentation. */
  readonly seed: number;
  /** A new order each epoch; otherwise that of the manifest. */
  readonly shuffle: boolean;
  /** Leave out the photos of an epoch that do not fill a batch, instead of padding. Default: false. */
  readonly dropLast?: boolean;
  /** Threads that make batches. Default: 1. What the batches hold does not depend on it. */
  readonly workers?: number;
  /**
   * Where prepared photos are kept, so that they need not be decoded in each epoch; see `photoCache`.
   * Default: they are not kept. What the batches hold does not depend on it, but a photo that was kept
   * is not missed when its file is gone.
   */
  readonly cache?: PhotoCache | undefined;
}

export interface Loader {
  /** Batches an epoch. */
  readonly steps: number;
  /**
   * The batches of one epoch, or those from `fromStep` on. Equal arguments give equal batches, bit
   * for bit. The iteration throws a UserError that names a photo which cannot be read any more.
   */
  epoch(epoch: number, options?: { readonly fromStep?: number }): AsyncIterableIterator<Batch>;
  /** Ends the threads; iterations still under way fail. */
  close(): Promise<void>;
}

/** Batches that each thread is asked for ahead of the one in use. */
const AHEAD = 4;

/**
 * Batches of a data set, made in other threads while this one trains: they come ready even though
 * a training step blocks this thread. No more than four batches a thread are ahead of the one in use.
 * @throws UserError for a transform that cannot yield the size, or a split without a whole batch.
 */
export function createLoader(dataset: Dataset, options: LoaderOptions): Loader {
  const { split, batch, shuffle, seed, dropLast = false, workers: threads = 1, cache } = options;
  const entries = dataset.manifest.splits[split];
  checkTransform(options.transform, options.size);
  const steps = dropLast ? Math.floor(entries.length / batch) : Math.ceil(entries.length / batch);
  if (steps === 0) {
    throw new UserError(`split ${split} has ${entries.length} photos, too few for a batch of ${batch}`, {
      exitCode: 2,
    });
  }
  const plan = planOf(dataset, options);
  const { prepared } = plan;
  const unkept = (reason: string) => cache && warnUnkept(cache, reason);
  const claim = cache && prepared && (() => claimRoom(cache, prepared, unkept));
  let workers: BatchWorker[] | undefined;
  let closed = false;

  const orderOf = (epoch: number) =>
    shuffle
      ? stream(seed, 'order', epoch).permutation(entries.length)
      : Int32Array.from(entries, (_, index) => index);

  async function* batches(epoch: number, fromStep: number): AsyncGenerator<Batch, undefined> {
    await claim?.();
    if (closed) throw new Error(CLOSED);
    workers ??= Array.from({ length: threads }, () => new BatchWorker(plan, unkept));
    const order = orderOf(epoch);
    const itemsOf = (step: number): BatchItems => {
      const indices = order.subarray(step * batch, (step + 1) * batch);
      return { epoch, items: Array.from(indices, (index) => ({ index, entry: entries[index]! })) };
    };
    const ahead: ReturnType<BatchWorker['request']>[] = [];
    try {
      for (let step = fromStep, asked = fromStep; step < steps; step++) {
        for (; asked < Math.min(steps, step + AHEAD * threads); asked++) {
          ahead.push(workers[asked % threads]!.request(itemsOf(asked)));
        }
        yield await ahead.shift()!.batch;
      }
    } finally {
      for (const request of ahead) request.cancel();
    }
  }

  return {
    steps,
    epoch(epoch, { fromStep = 0 } = {}) {
      if (!Number.isInteger(fromStep) || fromStep < 0 || fromStep > steps) {
        throw new RangeError(`fromStep is ${fromStep}; an epoch has ${steps} steps`);
      }
      return batches(epoch, fromStep);
    },
    async close() {
      closed = true;
      await Promise.all((workers ?? []).map((worker) => worker.close()));
    },
  };
}

function planOf(
  { manifest, folder }: Dataset,
  { split, batch, size, transform, seed, cache }: LoaderOptions,
): BatchPlan {
  const common = { batch, size, transform, seed };
  if (manifest.dataset.kind === 'synthetic') {
    return { ...common, source: { kind: 'synthetic', config: manifest.dataset, split } };
  }
  if (folder === undefined) throw new Error('a data set of photos needs its folder');
  const photos = { ...common, source: { kind: 'photos', folder } } as const;
  return cache ? { ...photos, prepared: preparedPlan(cache, manifest, { split, size, transform }) } : photos;
}
