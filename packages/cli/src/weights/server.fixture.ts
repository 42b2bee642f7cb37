import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the server treats its n-th request, from 0. */
export interface Behaviour {
  status?: number;
  /** Bytes after which the connection is cut. */
  cutAfter?: number;
  /** Bytes after which nothing more comes, though the connection stays. */
  stallAfter?: number;
  etag?: string;
  /** Answers every request with the whole. */
  noRanges?: boolean;
}

export interface TestServer {
  url: string;
  /** Paths and ranges asked for. */
  requests: { path: string; range: string | undefined }[];
  close: () => Promise<void>;
}

/** A file server on this machine that knows ranges, and breaks off as it is told. */
export async function serve(
  content: Uint8Array,
  behave: (request: number) => Behaviour = () => ({}),
): Promise<TestServer> {
  const requests: TestServer['requests'] = [];
  const server = createServer((request, response) => {
    const behaviour = behave(requests.length);
    requests.push({ path: request.url ?? '', range: request.headers.range });
    answer(request, response, { content, behaviour });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(
  { headers }: IncomingMessage,
  response: ServerResponse,
  { content, behaviour }: { content: Uint8Array; behaviour: Behaviour },
): void {
  const { status, cutAfter, stallAfter, etag = '"v1"', noRanges = false } = behaviour;
  if (status !== undefined) {
    response.writeHead(status).end();
    return;
  }
  const asked =
    !noRanges && headers['if-range'] === etag
      ? Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)
      : 0;
  if (asked >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    return;
  }
  const rest = content.subarray(asked);
  response.writeHead(asked > 0 ? 206 : 200, {
    etag,
    'content-length': rest.length,
    ...(asked > 0 ? { 'content-range': `bytes ${asked}-${content.length - 1}/${content.length}` } : {}),
  });
  const upTo = cutAfter ?? stallAfter;
  if (upTo === undefined) response.end(rest);
  else
    response.write(
      rest.subarray(0, upTo),
      () => cutAfter !== undefined && setTimeout(() => response.destroy(), 20),
    );
}
