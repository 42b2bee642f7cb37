import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startChild } from './child.ts';

it('a command that is not there is a failure in one line', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'suite-child-'));
  const child = await startChild(directory, ['/no/such/node', 'cell'], { onProgress: () => undefined });
  expect(await child.ended).toEqual({
    end: 'failed',
    reason: '/no/such/node could not be started: spawn /no/such/node ENOENT',
    log: [],
  });
  await rm(directory, { recursive: true });
});

it('what a process prints is in the log, and messages that are none of ours are passed over', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'suite-child-'));
  const script = `
    process.send({ kind: 'progress', update: { step: 'x' } });
    process.send('hello');
    process.send({ kind: 'progress', update: { step: 1, steps: 2, epoch: 1, epochs: 1, loss: 0.5, images: 32 } });
    console.log('out'); console.error('err'); process.disconnect();`;
  const seen: unknown[] = [];
  const command = [process.execPath, '-e', script];
  const child = await startChild(directory, command, { onProgress: (update) => seen.push(update) });
  expect(await child.ended).toEqual({ end: 'done', earlier: false });
  expect(seen).toEqual([{ step: 1, steps: 2, epoch: 1, epochs: 1, loss: 0.5, images: 32 }]);
  expect(await readFile(join(directory, 'log.txt'), 'utf8')).toBe('out\nerr\n');
  await rm(directory, { recursive: true });
});
