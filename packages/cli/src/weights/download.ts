import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { codeOf, messageOf, UserError } from '@resizer-lab/base';
import type { WeightSource } from '@resizer-lab/backbones';

export type Checksum = NonNullable<WeightSource['checksum']>;

export interface DownloadOptions {
  checksum?: Checksum | undefined;
  /** Bytes so far, and of the whole where the server says. */
  progress?: (done: number, total: number | undefined) => void;
  /** Tries before giving up, while the connection breaks. */
  tries?: number;
  /** Milliseconds before another try, and without any data before a connection counts as broken. */
  waitMs?: number;
  stallMs?: number;
  maxBytes?: number;
}

/** The connection broke; what came is kept. */
class Interrupted extends Error {}

/**
 * Downloads a file. The bytes lie in `path.part` until all are there and have the right checksum;
 * broken off at any time, the next call goes on from there if the server's file is still the same.
 * @throws UserError where the server refuses, the connection breaks again and again, or the checksum is wrong
 */
export async function download(url: string, path: string, options: DownloadOptions = {}): Promise<void> {
  const { tries = 4, waitMs = 2000, checksum } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      await continueDownload(url, path, options);
      break;
    } catch (error) {
      if (!(error instanceof Interrupted)) throw fileError(error, path);
      if (attempt === tries) throw brokenOff(url, await sizeOf(partOf(path)), error);
      await wait(waitMs);
    }
  }
  if (checksum) await verifyDownload(url, path, checksum);
  await rename(partOf(path), path);
  await rm(stateOf(path), { force: true });
}

const partOf = (path: string) => `${path}.part`;
const stateOf = (path: string) => `${path}.part.json`;

async function continueDownload(url: string, path: string, options: DownloadOptions): Promise<void> {
  const { stallMs = 60_000, maxBytes = 4 * 2 ** 30, progress = () => undefined } = options;
  const { have, validator } = await partial(url, path);
  const connection = new AbortController();
  let stall = setTimeout(() => connection.abort(), stallMs);
  const handle = await open(partOf(path), have > 0 ? 'r+' : 'w');
  try {
    const response = await request(url, { have, validator, signal: connection.signal });
    if (response.status === 416) return await settleBeyondEnd(response, path, have);
    const { start, total } = rangeOf(url, response, have);
    await handle.truncate(start);
    await writeFile(stateOf(path), JSON.stringify({ url, validator: validatorOf(response) }));
    let at = start;
    for await (const chunk of chunksOf(response)) {
      clearTimeout(stall);
      stall = setTimeout(() => connection.abort(), stallMs);
      await writeAll(handle, chunk, at);
      at += chunk.byteLength;
      if (at > maxBytes)
        throw new UserError(`${url} is larger than ${maxBytes} bytes; it cannot be the weights.`);
      progress(at, total);
    }
    if (total !== undefined && at !== total) throw new Interrupted(`${at} of ${total} bytes came`);
  } finally {
    clearTimeout(stall);
    await handle.close();
  }
}

/** Asked for bytes behind the end: either all have come before, or the server's file has changed. */
async function settleBeyondEnd({ headers }: Response, path: string, have: number): Promise<void> {
  if (headers.get('content-range') === `bytes */${have}`) return;
  await rm(stateOf(path), { force: true });
  throw new Interrupted('the server has fewer bytes than came before');
}

/** What came earlier, if it can be continued. */
async function partial(url: string, path: string): Promise<{ have: number; validator: string | undefined }> {
  const nothing = { have: 0, validator: undefined };
  try {
    const state: unknown = JSON.parse(await readFile(stateOf(path), 'utf8'));
    if (typeof state !== 'object' || state === null) return nothing;
    const { url: from, validator } = state as Record<string, unknown>;
    if (from !== url || typeof validator !== 'string') return nothing;
    return { have: await sizeOf(partOf(path)), validator };
  } catch {
    return nothing;
  }
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

async function request(
  url: string,
  { have, validator, signal }: { have: number; validator: string | undefined; signal: AbortSignal },
): Promise<Response> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (have > 0 && validator !== undefined)
    Object.assign(headers, { range: `bytes=${have}-`, 'if-range': validator });
  let response: Response;
  try {
    response = await fetch(url, { headers, signal });
  } catch (error) {
    throw new Interrupted(reasonOf(error), { cause: error });
  }
  if (response.status >= 500)
    throw new Interrupted(`the server answers ${response.status} ${response.statusText}`);
  if (response.ok || response.status === 416) return response;
  throw new UserError(
    `${url} cannot be downloaded: the server answers ${response.status} ${response.statusText}. ` +
      'Another source: --from FILE or URL, or a mirror in RESIZER_MIRROR.',
  );
}

/** From which byte on the response is, and how many bytes there are in all. */
function rangeOf(
  url: string,
  response: Response,
  have: number,
): { start: number; total: number | undefined } {
  if (response.status !== 206) {
    // With a coding that was taken off on the way, the length is not that of the bytes here.
    const length =
      response.headers.get('content-encoding') === null && response.headers.get('content-length');
    return { start: 0, total: length ? Number(length) : undefined };
  }
  const [, start, total] =
    /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '') ?? [];
  if (Number(start) !== have)
    throw new UserError(`${url}: the server sent another range than was asked for.`);
  return { start: have, total: total === '*' ? undefined : Number(total) };
}

/** What tells the server's file from a later one of the same name. */
function validatorOf({ headers }: Response): string | undefined {
  const tag = headers.get('etag');
  return tag && !tag.startsWith('W/') ? tag : (headers.get('last-modified') ?? undefined);
}

async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  if (!body) return;
  try {
    for await (const chunk of body) yield chunk as Uint8Array;
  } catch (error) {
    throw new Interrupted(reasonOf(error), { cause: error });
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    const { bytesWritten } = await handle.write(chunk, done, chunk.byteLength - done, at + done);
    done += bytesWritten;
  }
}

/** What was not the connection's fault is the disk's. */
function fileError(error: unknown, path: string): unknown {
  if (error instanceof UserError || codeOf(error) === undefined) return error;
  const reason = codeOf(error) === 'ENOSPC' ? 'the disk is full' : messageOf(error);
  return new UserError(`${partOf(path)} cannot be written: ${reason}. What came is kept.`, { cause: error });
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'AbortError') return 'no data came for a while';
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error);
}

function brokenOff(url: string, have: number, error: Error): UserError {
  return new UserError(
    `${url}: the connection broke after ${have} bytes (${error.message}). What came is kept: the same command ` +
      'goes on from there. Another source: --from FILE or URL, or a mirror in RESIZER_MIRROR.',
    { cause: error },
  );
}

async function verifyDownload(url: string, path: string, checksum: Checksum): Promise<void> {
  try {
    await verify(partOf(path), checksum, url);
  } catch (error) {
    if (error instanceof UserError) await Promise.all([partOf(path), stateOf(path)].map((file) => rm(file)));
    throw error;
  }
}

/** @throws UserError if a file does not have a checksum; `name` is what the user knows it by */
export async function verify(path: string, { algorithm, hex }: Checksum, name = path): Promise<void> {
  const got = await digestOf(path, algorithm);
  if (got === hex) return;
  throw new UserError(
    `${name} is damaged or another file: its ${algorithm} is ${got}, the publisher states ${hex}. It was not used.`,
  );
}

export async function digestOf(path: string, algorithm: 'md5' | 'sha256'): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
