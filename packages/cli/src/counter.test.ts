import { afterEach, describe, expect, it, vi } from 'vitest';
import { counter } from './counter.ts';

afterEach(() => vi.unstubAllEnvs());

/** What a counter writes that is told of `updates`: [seconds, done, total]. */
function written(isTTY: boolean, updates: readonly (readonly [number, number, number?])[]): string[] {
  vi.stubEnv('TERM', 'xterm');
  const texts: string[] = [];
  let seconds = 0;
  const stream = { isTTY, write: (text: string) => texts.push(text) };
  const progress = counter('Fetching', { shown: (n) => `${n} MB`, stream, now: () => seconds * 1000 });
  for (const [at, done, total] of updates) {
    seconds = at;
    progress.update(done, total);
  }
  progress.finish();
  return texts;
}

describe('a counter', () => {
  it('draws one live line on a terminal, not more often than one can see', () => {
    expect(
      written(true, [
        [0, 0, 100],
        [0.01, 1, 100],
        [10, 20, 100],
      ]),
    ).toEqual([
      '\rFetching  0 MB of 100 MB (0 %)\x1b[K',
      '\rFetching  20 MB of 100 MB (20 %)  0:40 left\x1b[K',
      '\n',
    ]);
  });

  it('writes a plain line now and then elsewhere, and nothing for quick work', () => {
    expect(
      written(false, [
        [1, 10],
        [12, 30],
        [13, 40],
        [25, 50],
      ]),
    ).toEqual(['Fetching  30 MB\n', 'Fetching  50 MB\n']);
    expect(written(false, [[1, 100, 100]])).toEqual([]);
  });
});
