import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stream, UserError } from '@resizer-lab/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { download, type DownloadOptions } from './download.ts';
import { type Behaviour, serve, type TestServer } from './server.fixture.ts';

const draws = stream(1, 'download');
const content = Uint8Array.from({ length: 300_000 }, () => draws.integer(256));
const md5 = createHash('md5').update(content).digest('hex');
const checksum = { algorithm: 'md5', hex: md5 } as const;

let folder = '';
let server: TestServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'download-'));
});
afterEach(async () => {
  await server?.close();
  await rm(folder, { recursive: true });
});

async function start(behave?: (request: number) => Behaviour, body = content): Promise<string> {
  server = await serve(body, behave);
  return `${server.url}/weights.h5`;
}

const fetchTo = (url: string, options: DownloadOptions = {}) =>
  download(url, join(folder, 'x.h5'), { waitMs: 1, checksum, ...options });
const ranges = () => server!.requests.map(({ range }) => range);

/** The file is whole, and nothing else lies beside it. */
async function expectWhole(): Promise<void> {
  expect(await readdir(folder)).toEqual(['x.h5']);
  expect((await readFile(join(folder, 'x.h5'))).equals(content)).toBe(true);
}

describe('a download', () => {
  it('brings the file, and says how far it is', async () => {
    const seen: [number, number | undefined][] = [];
    await fetchTo(await start(), { progress: (...progress) => seen.push(progress) });
    await expectWhole();
    expect(seen.at(-1)).toEqual([content.length, content.length]);
  });

  it('goes on where the connection broke, within one call', async () => {
    await fetchTo(await start((request) => (request < 2 ? { cutAfter: 100_000 } : {})));
    await expectWhole();
    expect(ranges()[0]).toBeUndefined();
    expect(ranges()).toHaveLength(3);
    const resumedAt = Number(/^bytes=(\d+)-$/.exec(ranges()[2] ?? '')?.[1]);
    expect(resumedAt).toBeGreaterThan(100_000);
  });

  it('goes on where an earlier call was broken off, and says so', async () => {
    const url = await start((request) => (request === 0 ? { cutAfter: 200_000 } : {}));
    await expect(fetchTo(url, { tries: 1 })).rejects.toThrow(
      /the connection broke after \d+ bytes .*goes on from there.*--from/,
    );
    await fetchTo(url);
    await expectWhole();
    expect(ranges()[1]).toMatch(/^bytes=\d{2,}-$/);
  });

  it('starts over when the server has another file by now, or knows no ranges', async () => {
    const url = await start((request) =>
      request === 0
        ? { cutAfter: 200_000 }
        : request === 1
          ? { etag: '"v2"', cutAfter: 1000 }
          : { noRanges: true, etag: '"v2"' },
    );
    await fetchTo(url);
    await expectWhole();
  });

  it('is done when all bytes had come before the process was killed', async () => {
    const url = await start();
    await writeFile(join(folder, 'x.h5.part'), content);
    await writeFile(join(folder, 'x.h5.part.json'), JSON.stringify({ url, validator: '"v1"' }));
    await fetchTo(url);
    await expectWhole();
  });

  it('does not go on with bytes of another address, or a damaged note of where they came from', async () => {
    const url = await start();
    for (const note of [JSON.stringify({ url: 'http://elsewhere/x', validator: '"v1"' }), '{', 'null']) {
      await writeFile(join(folder, 'x.h5.part'), 'other bytes');
      await writeFile(join(folder, 'x.h5.part.json'), note);
      await fetchTo(url);
      await expectWhole();
    }
  });

  it('takes a connection without data for broken', async () => {
    await fetchTo(await start((request) => (request === 0 ? { stallAfter: 50_000 } : {})), { stallMs: 100 });
    await expectWhole();
  });

  it('tries again when the server is out of order', async () => {
    await fetchTo(await start((request) => (request === 0 ? { status: 503 } : {})));
    await expectWhole();
  });

  it.each([404, 403])('ends at once with %i, and says what else to do', async (status) => {
    const error = await fetchTo(await start(() => ({ status }))).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(
      new RegExp(`weights.h5 cannot be downloaded: the server answers ${status}.*--from`),
    );
    expect(server!.requests).toHaveLength(1);
  });

  it('does not keep a file with the wrong checksum', async () => {
    const url = await start(
      undefined,
      content.map((byte) => 255 - byte),
    );
    await expect(fetchTo(url)).rejects.toThrow(
      new RegExp(`weights.h5 is damaged.*md5 is [0-9a-f]{32}, the publisher states ${md5}`),
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not fill the disk', async () => {
    await expect(fetchTo(await start(), { maxBytes: 100_000 })).rejects.toThrow(
      'is larger than 100000 bytes',
    );
  });

  it('says when no one answers, and when there is no folder', async () => {
    const url = await start();
    await expect(download(url, join(folder, 'none', 'x'), { checksum })).rejects.toThrow('cannot be written');
    await server!.close();
    await expect(fetchTo(url, { tries: 2 })).rejects.toThrow(
      /the connection broke after 0 bytes \(.*ECONNREFUSED/,
    );
    server = undefined;
  });
});
