import { expect, it } from 'vitest';
import { compare } from './compare.ts';
import { markdown, merged } from './markdown.ts';
import type { Measured } from './measure.ts';

const contestant = (
  name: string,
  seconds: number,
  change: Partial<Measured['description']> = {},
): Measured => ({
  name,
  description: { versions: {}, threads: 2, multiplyAdds: 5, trainable: 7, ...change },
  secondsToFirstStep: 1,
  peakMemory: 1e9,
  rounds: [[seconds], [seconds * 2]],
});

const terms = { name: 'train/x/224/b3', batch: 3, promised: 1.5, ours: 'us', reference: 'product' };
const us = contestant('us', 1, { stepFlops: 30e9 });
const product = contestant('product', 0.1, { stepFlops: 6e9, multiplyAdds: 3e9, trainable: 0 });

it('names the fastest peer, our ratio to it, and everyone’s share of the matrix product', () => {
  const result = compare([us, product, contestant('slow', 3), contestant('fast', 2)], terms);
  expect(result.best).toEqual({ peer: 'fast', ratio: { median: 2, low: 2, high: 2 } });
  expect(result.lines.map(({ name, share }) => [name, share.toFixed(4)])).toEqual([
    ['us', '0.5000'],
    ['slow', '0.1667'],
    ['fast', '0.2500'],
  ]);
  expect(result.lines[0]!.imagesPerSecond).toBe(2);
});

it('refuses to compare different models', () => {
  const other = contestant('other', 1, { multiplyAdds: 6 });
  expect(() => compare([us, product, other], terms)).toThrow('other has 6 multiply-adds, us 5');
  const another = contestant('another', 1, { trainable: 8 });
  expect(() => compare([us, product, another], terms)).toThrow('another has 8 trainable parameters, us 7');
});

it('fails with us, but only reports the failure of a peer', () => {
  const failed = { name: 'peer', failure: 'peer ended' };
  expect(compare([us, product, failed], terms)).toMatchObject({ failures: [failed] });
  expect(() => compare([{ name: 'us', failure: 'us ended' }, product], terms)).toThrow('us ended');
});

const machine = { date: '2026-01-02T03:04:05Z', cpu: 'C', cores: 2, memory: 8e9, system: 'linux', busy: 0 };
const sitting = (names: readonly string[], seconds: number, { promised = 1.9, busy = 0 } = {}) => ({
  machine: { ...machine, busy },
  pace: { rounds: 2, turnSeconds: 4 },
  versions: { node: '20' },
  comparisons: names.map((name) =>
    compare([us, product, contestant('fast', seconds)], { ...terms, name, promised }),
  ),
});

it('prints whether a promise is kept, and whether the machine was idle', () => {
  const page = (promised: number, busy = 0) => markdown([sitting(['train/x/224/b3'], 2, { promised, busy })]);
  expect(page(1.9)).toContain('| train/x/224/b3 | 2.00 | fast | 2.00 (2.00 – 2.00) | 1.9 kept | 1 |');
  expect(page(2.1)).toContain('2.1 missed');
  expect(page(2.1, 0.31)).toContain('others took 31 % of the cores before the start: not idle');
  expect(page(2.1)).not.toContain('not idle');
  expect(page(2.1)).toContain('| us | 1500 (1000 – 2000) | 2.00 | 1.00 GB | 1.0 s | 20.0 | 50 % |');
});

it('puts sittings together: each row as it was measured last, and no sitting without a row', () => {
  const sittings = merged([sitting(['gone'], 2), sitting(['a', 'b'], 2), sitting(['b', 'c', 'gone'], 3)]);
  expect(sittings.map(({ comparisons }) => comparisons.map(({ name }) => name))).toEqual([
    ['a'],
    ['b', 'c', 'gone'],
  ]);
  const page = markdown(sittings);
  expect(page).toContain('| a | 2.00 | fast | 2.00 (2.00 – 2.00) | 1.9 kept | 1 |');
  expect(page).toContain('| b | 2.00 | fast | 3.00 (3.00 – 3.00) | 1.9 kept | 2 |');
  expect(page.match(/^- Sitting/gm)).toHaveLength(2);
});
