import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf, messageOf, UserError } from '@resizer-lab/base';
import { type Backbone, importWeights, type WeightSource } from '@resizer-lab/backbones';
import { readKerasH5, readWeights, type Weights, writeSafetensors } from '@resizer-lab/layers';
import lockfile from 'proper-lockfile';
import { cachedWeights, weightsCache } from './at-hand.ts';
import { digestOf, download, verify } from './download.ts';
import { unpackCheckpoint } from './unpack.ts';

export interface FetchOptions {
  /** The publisher's file, already here, or another address of it. */
  from?: string | undefined;
  /** Bytes so far, and of the whole where that is known. */
  progress?: (done: number, total: number | undefined) => void;
}

export interface Fetched {
  file: string;
  /** Address or path that the weights came from; none: they were here already. */
  from?: string;
  /** Of the published file. */
  sha256?: string;
  /** Whether the publisher states a checksum, and it was right. */
  verified?: boolean;
  source: WeightSource;
  classes: number;
}

/**
 * Brings the published weights of a backbone into the cache, as a safetensors file under our names.
 * What is downloaded is held to the publisher's checksum, and must fit the backbone.
 * @throws UserError if it cannot be had, is damaged, or does not fit; what came of a download is kept
 */
export async function fetchWeights(
  backbone: Backbone,
  { from, progress }: FetchOptions = {},
): Promise<Fetched> {
  const source = backbone.weights[0]!;
  const file = cachedWeights(backbone);
  await mkdir(weightsCache(), { recursive: true });
  const release = await alone(file);
  try {
    if (from === undefined && (await exists(file))) return { file, source, classes: source.classes };
    if (from !== undefined && !isUrl(from)) {
      await checkLocal(from, source);
      return { ...(await convert(backbone, from, from)), from };
    }
    const place = from ?? mirrored(source.url);
    const published = join(weightsCache(), `.${basename(new URL(source.url).pathname)}`);
    await download(place, published, { checksum: source.checksum, ...(progress ? { progress } : {}) });
    const fetched = await convert(backbone, published, place).finally(() => rm(published));
    return { ...fetched, from: place };
  } finally {
    await release();
  }
}

const isUrl = (from: string) => /^https?:\/\//.test(from);

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** The address below `RESIZER_MIRROR`, in which host and path follow each other, as `wget --recursive` lays them out. */
function mirrored(url: string): string {
  const mirror = process.env['RESIZER_MIRROR'];
  if (!mirror) return url;
  if (!isUrl(mirror))
    throw new UserError(`RESIZER_MIRROR is "${mirror}"; it must be an http or https address.`, {
      exitCode: 2,
    });
  const { host, pathname } = new URL(url);
  return `${mirror.replace(/\/+$/, '')}/${host}${pathname}`;
}

/** One process fetches a file; another one waits for a minute, then says so. */
async function alone(file: string): Promise<() => Promise<void>> {
  try {
    return await lockfile.lock(file, {
      realpath: false,
      stale: 20_000,
      retries: { retries: 30, minTimeout: 2000, factor: 1 },
    });
  } catch (error) {
    if (codeOf(error) === 'ELOCKED')
      throw new UserError(`${file} is being fetched by another process; wait for it.`);
    throw new UserError(`${file} cannot be locked: ${messageOf(error)}`, { cause: error });
  }
}

async function checkLocal(path: string, { checksum }: WeightSource): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile()) {
    throw new UserError(`--from ${path}: there is no such file; name a file, or an http or https address.`, {
      exitCode: 2,
    });
  }
  if (checksum) await verify(path, checksum);
}

/** Reads the published file in its format, and writes it under our names. `place` is what the user knows it by. */
async function convert(backbone: Backbone, published: string, place: string): Promise<Fetched> {
  const source = backbone.weights[0]!;
  const file = cachedWeights(backbone);
  const { weights, classes } = importWeights(backbone, await readPublished(published, source), {
    source: place,
  });
  const sha256 = await digestOf(published, 'sha256');
  const { url, licence, citation } = source;
  const facts = { format: 'resizer-lab', backbone: backbone.name, source: url, sha256, licence, citation };
  await writeSafetensors(file, weights, facts);
  return { file, sha256, verified: source.checksum !== undefined, source, classes };
}

async function readPublished(path: string, { format }: WeightSource): Promise<Weights> {
  if (format === 'keras-h5') return readKerasH5(path);
  const folder = await mkdtemp(join(weightsCache(), '.unpacked-'));
  try {
    return await readWeights(await unpackCheckpoint(path, folder));
  } finally {
    await rm(folder, { recursive: true });
  }
}
