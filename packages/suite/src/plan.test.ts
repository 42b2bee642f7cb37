import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cell, type CellSpec, expand, keyOf } from './index.ts';

const hashes = { train: 'aaaa', test: 'bbbb' };
const options = { study: 'noop', hashes, file: 'configs/c.yaml' };

function spec(
  id: string,
  needs: readonly string[] = [],
  more: Partial<CellSpec<unknown>> = {},
): CellSpec<unknown> {
  return {
    id,
    config: { name: id },
    data: ['train'],
    needs: Object.fromEntries(needs.map((need) => [`from ${need}`, need])),
    ...more,
  };
}

const byId = (cells: readonly Cell[]) => new Map(cells.map((cell) => [cell.id, cell]));

/** Acyclic by construction: a cell needs only cells of lower numbers. */
const graph = fc
  .array(fc.array(fc.nat(20), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .map((rows) =>
    rows.map((row, i) => spec(`c${i}`, i === 0 ? [] : [...new Set(row.map((j) => `c${j % i}`))])),
  );

describe('the order of cells', () => {
  it('has every cell once, and after those that it needs, in whatever order the study names them', () => {
    const shuffled = graph.chain((specs) => fc.shuffledSubarray(specs, { minLength: specs.length }));
    fc.assert(
      fc.property(shuffled, (specs) => {
        const cells = expand(specs, options);
        expect(cells.map(({ id }) => id).sort()).toEqual(specs.map(({ id }) => id).sort());
        const seen = new Set<string>();
        for (const { key, needs } of cells) {
          for (const needed of Object.values(needs)) expect(seen.has(needed)).toBe(true);
          seen.add(key);
        }
      }),
    );
  });

  it('2,000 cells in a chain or around one are expanded in well under two seconds', () => {
    const ids = Array.from({ length: 2000 }, (_, i) => `c${i}`);
    const start = performance.now();
    expand(
      ids.map((id, i) => spec(id, i === 0 ? [] : [`c${i - 1}`])),
      options,
    );
    expand(
      ids.map((id, i) => spec(id, i === 0 ? [] : ['c0'])),
      options,
    );
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe('keys', () => {
  it('do not depend on the order of cells, keys or roles, nor on ids', () => {
    fc.assert(
      fc.property(graph, (specs) => {
        const reversed = specs.map(({ id, config, data, needs = {} }) => ({
          id,
          config: { b: 2, a: 1, ...(config as object) },
          data,
          needs: Object.fromEntries(Object.entries(needs).reverse()),
        }));
        const same = specs.map((s) => ({ ...s, config: { ...(s.config as object), a: 1, b: 2 } }));
        const one = byId(expand(same, options));
        for (const cell of expand(reversed.reverse(), options)) expect(cell.key).toBe(one.get(cell.id)?.key);
      }),
    );
    const [cell] = expand([spec('x')], options);
    const [renamed] = expand([spec('y', [], { config: { name: 'x' } })], options);
    expect(renamed?.key).toBe(cell?.key);
    expect(cell?.key).toMatch(/^[0-9a-f]{16}$/);
  });

  it('change with the cell and everything it starts from, and with nothing else', () => {
    fc.assert(
      fc.property(graph, fc.nat(), (specs, which) => {
        const changed = specs[which % specs.length]!.id;
        const before = byId(expand(specs, options));
        const edited = specs.map((s) =>
          s.id === changed ? { ...s, config: { name: changed, rate: 0.1 } } : s,
        );
        const after = byId(expand(edited, options));
        const idOf = new Map([...before.values()].map(({ id, key }) => [key, id]));
        const stale = new Set([changed]);
        for (const { id, needs } of before.values()) {
          if (Object.values(needs).some((key) => stale.has(idOf.get(key)!))) stale.add(id);
        }
        for (const { id, key } of before.values()) expect(after.get(id)?.key === key).toBe(!stale.has(id));
      }),
    );
  });

  it('change with the study and with the data that the cell reads, not with other data', () => {
    const keyWith = (more: Partial<typeof options>) => expand([spec('x')], { ...options, ...more })[0]!.key;
    expect(keyWith({ study: 'other' })).not.toBe(keyWith({}));
    expect(keyWith({ hashes: { ...hashes, train: 'cccc' } })).not.toBe(keyWith({}));
    expect(keyWith({ hashes: { ...hashes, test: 'cccc' } })).toBe(keyWith({}));
  });

  it('stay what they are from one version to the next', () => {
    // printf '%s' '{"config":{"rate":0.05},"data":{"train":"aaaa"},"needs":{},"study":"noop"}' | sha256sum | cut -c1-16
    expect(keyOf({ study: 'noop', config: { rate: 0.05 }, data: { train: 'aaaa' }, needs: {} })).toBe(
      'f76ac6b6a92ff1a2',
    );
  });
});

describe('suites that cannot be run are refused, with exit code 2', () => {
  it.each<[string, CellSpec<unknown>[], string]>([
    ['two cells of one id', [spec('a'), spec('a')], 'two cells are called "a"; is an arm listed twice?'],
    [
      'two cells of the same work',
      [spec('a'), spec('b', [], { config: { name: 'a' } })],
      'cells "a" and "b" are the same work; leave one out',
    ],
    ['an unknown need', [spec('a', ['b'])], 'cell "a" needs "b" (its from b), which is not in the suite'],
    ['itself', [spec('a', ['a'])], 'cells need each other in a circle: "a" needs "a"'],
    [
      'a circle',
      [spec('x', ['a']), spec('a', ['b']), spec('b', ['c']), spec('c', ['a'])],
      'cells need each other in a circle: "a" needs "b" needs "c" needs "a"',
    ],
    ['unknown data', [spec('a', [], { data: ['photos'] })], 'cell "a" reads unknown data "photos"'],
    [
      'no paired control',
      [spec('m/learned/seed1', [], { controls: ['m/fixed/seed1'] })],
      'cell "m/learned/seed1" has no paired control: "m/fixed/seed1" is not in the suite; add the arm that makes it',
    ],
    [
      'no JSON',
      [spec('a', [], { config: { rate: Number.NaN } })],
      'the config of cell "a" is not JSON: NaN has no JSON form',
    ],
  ])('%s', (_, specs, message) => {
    expect(() => expand(specs, options)).toThrow(
      expect.objectContaining({ exitCode: 2, message: `configs/c.yaml: ${message}` }),
    );
  });
});
