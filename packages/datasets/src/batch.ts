import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, sha256, stream } from '@resizer-lab/base';
import type { SplitName, SyntheticConfig } from './config.ts';
import type { Entry } from './manifest.ts';
import { decode, naming, PhotoError, type Pixels } from './photo.ts';
import { eachOf } from './pool.ts';
import { borrow, giveBack } from './scratch.ts';
import { SCORES, sharesOf } from './scores.ts';
import { syntheticImage } from './synthetic.ts';
import type { PreparedPhotos, PreparedPlan } from './prepared.ts';
import { finish, prepare, preparedSize, type Size, type Transform } from './transform.ts';

/** One batch of photos, as training takes it. */
export interface Batch {
  /** [batch, h, w, 3]; zeros in the places that hold no photo. */
  readonly images: Uint8Array<ArrayBuffer>;
  /** [batch]; 0 where there is no photo. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** [batch, 10]: the share of each score; zeros where there is no photo, or one without scores. */
  readonly scores: Float32Array<ArrayBuffer>;
  /** [batch]: 1 for a photo, 0 for padding. */
  readonly mask: Float32Array<ArrayBuffer>;
  /** [batch]: place of the photo in its split of the manifest; -1 for padding. */
  readonly indices: Int32Array<ArrayBuffer>;
}

/** What all batches of a loader have in common. */
export interface BatchPlan {
  readonly source:
    | { readonly kind: 'photos'; readonly folder: string }
    | { readonly kind: 'synthetic'; readonly config: SyntheticConfig; readonly split: SplitName };
  readonly batch: number;
  readonly size: Size;
  readonly transform: Transform;
  readonly seed: number;
  /** Where photos are kept once they are prepared. */
  readonly prepared?: PreparedPlan;
}

/** A photo of a batch: `index` is the place in the split. */
interface Item {
  readonly index: number;
  readonly entry: Entry;
}

/** The photos of one batch. */
export interface BatchItems {
  readonly epoch: number;
  readonly items: readonly Item[];
}

// As many as Node's thread pool decodes side by side.
const AT_ONCE = 4;

/**
 * Makes one batch. What a photo looks like depends on the seed, the epoch and its index alone, never
 * on whether it comes from the photo or from where it was kept once prepared.
 * @throws UserError naming a photo that is gone, has changed since the data set was opened, or
 *   cannot be decoded.
 */
export async function makeBatch(
  plan: BatchPlan,
  { epoch, items }: BatchItems,
  kept?: PreparedPhotos,
): Promise<Batch> {
  const { size, transform } = plan;
  const [height, width] = size;
  const length = height * width * 3;
  const batch: Batch = {
    images: new Uint8Array(plan.batch * length),
    labels: new Int32Array(plan.batch),
    scores: new Float32Array(plan.batch * SCORES),
    mask: new Float32Array(plan.batch),
    indices: new Int32Array(plan.batch).fill(-1),
  };
  kept?.refresh();
  await eachOf(items, AT_ONCE, async ({ index, entry }, position) => {
    const draws = stream(plan.seed, 'augment', epoch, index);
    const into = batch.images.subarray(position * length, (position + 1) * length);
    const whole =
      kept && transform.fit === 'random-resized-crop' ? borrow(entry.width * entry.height * 3) : undefined;
    const prepared = await preparedPhoto(plan, { index, entry }, { kept, room: whole ?? into });
    finish(prepared, size, { transform, draws, into });
    if (whole) giveBack(whole);
    batch.labels[position] = entry.label;
    if (entry.votes) batch.scores.set(sharesOf(entry.votes), position * SCORES);
    batch.mask[position] = 1;
    batch.indices[position] = index;
  });
  return batch;
}

/** One photo, prepared. Its pixels lie in `room`, which has their length, if they come from where they were kept. */
async function preparedPhoto(
  plan: BatchPlan,
  { index, entry }: Item,
  { kept, room }: { kept: PreparedPhotos | undefined; room: Uint8Array },
): Promise<Pixels> {
  const { size, transform } = plan;
  const [height, width] = preparedSize(entry, size, transform);
  if (await kept?.read(index, room)) return { data: room, width, height };
  const photo = await naming(nameOf(plan, entry), async () =>
    prepare(await load(plan, index, entry), size, transform),
  );
  kept?.write(index, photo.data);
  return photo;
}

function nameOf({ source }: BatchPlan, { path }: Entry): string {
  return source.kind === 'photos' ? join(source.folder, path) : path;
}

async function load({ source }: BatchPlan, index: number, entry: Entry): Promise<Pixels> {
  const { width, height } = entry;
  if (source.kind === 'synthetic') {
    return { data: syntheticImage(source.config, source.split, index), width, height };
  }
  const name = join(source.folder, entry.path);
  const bytes = await readFile(name).catch((error: unknown) => {
    throw new PhotoError(`cannot be read (${codeOf(error)})`, { cause: error });
  });
  if (sha256(bytes) !== entry.sha256) {
    throw new PhotoError('has changed since the data set was opened; start again to take it up');
  }
  return decode(bytes);
}
