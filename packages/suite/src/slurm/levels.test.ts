import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Cell } from '../study.ts';
import { levelsOf, type Standing } from './levels.ts';

const cell = (key: string, needs: readonly string[] = []): Cell => ({
  key,
  id: key,
  study: 's',
  config: null,
  data: {},
  needs: Object.fromEntries(needs.map((need) => [need, need])),
});
const names = (cells: readonly Cell[]) => cells.map(({ key }) => key).join('');

function sorted(cells: readonly Cell[], standings: Readonly<Record<string, Standing>>) {
  const { levels, left } = levelsOf(cells, ({ key }) => standings[key] ?? { kind: 'open' });
  return {
    levels: levels.map((level) => [names(level.cells), ...level.awaits]),
    left: Object.fromEntries(
      Object.entries(left).flatMap(([why, some]) => (some.length > 0 ? [[why, names(some)]] : [])),
    ),
  };
}

const graph = [cell('a'), cell('b'), cell('c', ['a']), cell('d', ['a', 'b']), cell('e', ['a', 'c'])];

it('a cell is one level after the last that it needs', () => {
  expect(sorted(graph, {})).toEqual({ levels: [['ab'], ['cd'], ['e']], left: {} });
});

it('what is done or at work makes no level; what is queued is awaited by its job', () => {
  expect(sorted(graph, { a: { kind: 'done' }, b: { kind: 'running' } })).toEqual({
    levels: [['cd'], ['e']],
    left: { done: 'a', running: 'b' },
  });
  expect(sorted(graph, { a: { kind: 'queued', job: '7' } })).toEqual({
    levels: [
      ['bc', '7'],
      ['de', '7'],
    ],
    left: { queued: 'a' },
  });
});

it('a cell that failed takes those with it that need it, however far, and no others', () => {
  expect(sorted(graph, { c: { kind: 'failed' } })).toEqual({
    levels: [['ab'], ['d']],
    left: { failed: 'c', blocked: 'e' },
  });
  // One that is already done or at work is no longer in its way.
  expect(sorted(graph, { c: { kind: 'failed' }, e: { kind: 'running' } }).left).toEqual({
    failed: 'c',
    running: 'e',
  });
});

it('loses no cell, and starts none before those that it needs', () => {
  const kinds = fc.constantFrom('open', 'open', 'open', 'done', 'running', 'failed', 'queued');
  const cells = fc.array(fc.record({ needs: fc.array(fc.nat(40), { maxLength: 3 }), kind: kinds }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(cells, (drawn) => {
      const made = drawn.map(({ needs }, i) =>
        cell(
          `k${i}`,
          needs.filter((need) => need < i).map((need) => `k${need}`),
        ),
      );
      const standingOf = ({ key }: Cell): Standing => {
        const { kind } = drawn[Number(key.slice(1))]!;
        return kind === 'queued' ? { kind, job: key } : { kind };
      };
      const { levels, left } = levelsOf(made, standingOf);
      const submitted = levels.flatMap((level) => level.cells);
      const all = [...submitted, ...Object.values(left).flat()].map(({ key }) => key);
      expect(all.sort()).toEqual(made.map(({ key }) => key).sort());
      const levelOf = new Map(levels.flatMap((level, i) => level.cells.map(({ key }) => [key, i])));
      for (const [i, level] of levels.entries()) {
        expect(level.cells).not.toEqual([]);
        for (const need of level.cells.flatMap(({ needs }) => Object.values(needs))) {
          const standing = standingOf(cell(need));
          if (standing.kind === 'open') expect(levelOf.get(need)).toBeLessThan(i);
          else if (standing.kind === 'queued') expect(level.awaits).toContain(need);
          else expect(standing.kind).not.toBe('failed');
        }
      }
    }),
  );
});
