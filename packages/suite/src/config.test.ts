import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jsonSchema, loadConfig, loadConfigs } from './index.ts';
import { everything, GOOD } from './testing/everything-study.ts';
import { noop } from './testing/noop-study.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'suite-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function errorOf(text: string | Uint8Array, name = 'c.yaml'): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  const error: unknown = await loadConfig(file, [everything, noop]).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  if (!(error instanceof UserError)) return '';
  expect(error.exitCode).toBe(2);
  return error.message.replaceAll(`${folder}/`, '');
}

const edit = (from: string | RegExp, to: string) => GOOD.replace(from, to);

describe('a good config', () => {
  it('is resolved: defaults filled in, durations parsed', async () => {
    const file = join(folder, 'good.yaml');
    await writeFile(file, GOOD);
    expect(await loadConfig(file, [everything])).toEqual({
      file,
      name: 'good',
      study: everything,
      suite: 'mini',
      title: 'A table',
      seeds: [1, 2],
      config: {
        train: { epochs: { epochs: 4 }, rate: 0.05, smooth: true },
        arms: [{ kind: 'fixed', method: 'bilinear' }],
        input: 224,
        target: 64,
      },
    });
  });

  it('may use anchors and aliases', async () => {
    const file = join(folder, 'alias.yaml');
    await writeFile(file, `${GOOD}  - &a { kind: learned, filters: 32 }\n  - *a\n`);
    const { config } = await loadConfig(file, [everything]);
    expect(config['arms']).toHaveLength(3);
  });
});

describe('every problem is one line with its place, what is wrong and what is allowed', () => {
  const seeds = 'must be at least 0';
  it.each<[name: string, yaml: string, message: string]>([
    [
      'unknown key',
      edit('rate: 0.05', 'rate: 0.05\n  epoch: 3'),
      'c.yaml:8:3: train.epoch: is not a known key; did you mean "epochs"? allowed: epochs, rate, smooth, limit',
    ],
    [
      'unknown key far from any',
      `${GOOD}zzzzz: 3\n`,
      'c.yaml:11:1: zzzzz: is not a known key; allowed: train, arms, sizes, head, weights, input, target, suite, title, seeds, study',
    ],
    [
      'unknown key in a list entry',
      edit('method: bilinear', 'method: bilinear\n    filters: 8'),
      'c.yaml:11:5: arms[0].filters: is not a known key; allowed: kind, method',
    ],
    ['wrong type', edit('0.05', 'fast'), 'c.yaml:7:9: train.rate: is "fast"; must be a number'],
    [
      'a list for a mapping',
      edit(/train:\n.*\n.*\n/, 'train: [1]\n'),
      'c.yaml:5:8: train: is a list; must be a mapping of keys to values',
    ],
    ['too small', edit('0.05', '-1'), 'c.yaml:7:9: train.rate: is -1; must be more than 0'],
    ['too large', edit('0.05', '2'), 'c.yaml:7:9: train.rate: is 2; must be at most 1'],
    ['not finite', edit('0.05', '.nan'), 'c.yaml:7:9: train.rate: is NaN; must be a number'],
    ['infinite', edit('0.05', '.inf'), 'c.yaml:7:9: train.rate: is Infinity; must be a number'],
    [
      'a fraction for a whole number',
      edit('[1, 2]', '[1.5]'),
      'c.yaml:4:9: seeds[0]: is 1.5; must be a whole number',
    ],
    ['negative seed', edit('[1, 2]', '[1, -2]'), `c.yaml:4:12: seeds[1]: is -2; ${seeds}`],
    ['no seeds', edit('[1, 2]', '[]'), 'c.yaml:4:8: seeds: has 0 entries; must have at least 1 entry'],
    ['a seed twice', edit('[1, 2]', '[1, 1]'), 'c.yaml:4:8: seeds: names a seed twice; each must differ'],
    ['missing key', edit('  rate: 0.05\n', ''), 'c.yaml:5:1: train.rate: is missing; must be a number'],
    ['missing key at the top', edit('title: A table\n', ''), 'c.yaml:1:1: title: is missing; must be text'],
    ['empty value', edit('0.05', ''), 'c.yaml:7:3: train.rate: is empty; must be a number'],
    [
      'unknown choice',
      edit('bilinear', 'bilinaer'),
      'c.yaml:10:13: arms[0].method: is "bilinaer"; did you mean "bilinear"? must be one of nearest, bilinear, bicubic',
    ],
    [
      'unknown branch',
      edit('kind: fixed', 'kind: fxed'),
      'c.yaml:9:11: arms[0].kind: is "fxed"; did you mean "fixed"? must be one of fixed, learned',
    ],
    [
      'no branch named',
      edit('kind: fixed\n    method', 'method'),
      'c.yaml:9:5: arms[0].kind: is missing; must be one of fixed, learned',
    ],
    [
      "a branch's own problem",
      edit('kind: fixed\n    method: bilinear', 'kind: learned\n    filters: 12'),
      'c.yaml:10:14: arms[0].filters: is 12; must be a multiple of 8',
    ],
    [
      'no branch of its type',
      `${GOOD}sizes: big\n`,
      'c.yaml:11:8: sizes: is "big"; must be a whole number, or be a list',
    ],
    ['the branch of its type', `${GOOD}sizes: 4\n`, 'c.yaml:11:8: sizes: is 4; must be at least 8'],
    [
      'within the branch of its type',
      `${GOOD}sizes: [4, x]\n`,
      'c.yaml:11:12: sizes[1]: is "x"; must be a whole number',
    ],
    [
      'the nearest branch',
      `${GOOD}head: { bins: ten }\n`,
      'c.yaml:11:15: head.bins: is "ten"; must be a whole number',
    ],
    [
      'a bad name in a mapping',
      `${GOOD}weights: { A1: 1 }\n`,
      'c.yaml:11:12: weights.A1: is "A1"; must match /^[a-z]+$/',
    ],
    [
      'a cross-check',
      `${GOOD}input: 32\n`,
      'c.yaml:1:1: target: is above the input size; enlarging is not studied',
    ],
    [
      'a duration without unit',
      edit('4 epochs', '4'),
      'c.yaml:6:11: train.epochs: is 4, without a unit; must be a number with its unit, such as "4 epochs" or "4 steps"',
    ],
    [
      'a duration of another unit',
      edit('4 epochs', '4 parsecs'),
      'c.yaml:6:11: train.epochs: is "4 parsecs"; must be a number with its unit, such as "4 epochs" or "4 steps"',
    ],
    [
      'a duration of another type',
      edit('4 epochs', '[4]'),
      'c.yaml:6:11: train.epochs: is a list; must be text',
    ],
    [
      'a time without unit',
      edit('rate: 0.05', 'rate: 0.05\n  limit: 2'),
      'c.yaml:8:10: train.limit: is 2, without a unit; must be a number with its unit, such as "2h" or "2min" or "2s"',
    ],
    [
      'another study',
      edit('everything', 'everthing'),
      'c.yaml:1:8: study: is "everthing"; did you mean "everything"? must be one of everything, noop',
    ],
    [
      'no study',
      edit('study: everything\n', ''),
      'c.yaml:1:1: study: is missing; must be one of everything, noop',
    ],
    [
      'a suite that is a path',
      edit('mini', '../etc'),
      'c.yaml:2:8: suite: is "../etc"; must be lower-case letters, digits, - and _, such as mini',
    ],
    ['an empty file', '', 'c.yaml:1:1: is empty; must be a mapping of keys to values'],
    ['text', 'hello', 'c.yaml:1:1: is "hello"; must be a mapping of keys to values'],
    ['not UTF-8', '', 'c.yaml:1:1: is empty; must be a mapping of keys to values'],
    [
      'a duplicate key',
      edit('suite: mini', 'suite: mini\nsuite: maxi'),
      'c.yaml:3:1: Map keys must be unique',
    ],
    [
      'a merge key',
      edit('rate: 0.05', '<<: { rate: 1 }\n  rate: 0.05'),
      'c.yaml:7:3: train["<<"]: is not a known key; allowed: epochs, rate, smooth, limit',
    ],
    [
      'a tag',
      edit('mini', '!!js/function "x"'),
      'c.yaml:2:22: the tag tag:yaml.org,2002:js/function is not allowed; leave it out',
    ],
    [
      'an alias without anchor',
      edit('mini', '*nowhere'),
      'c.yaml:2:8: the alias *nowhere has no anchor before it',
    ],
    [
      'an alias inside its anchor',
      `${GOOD}x: &x [*x]\n`,
      'c.yaml: its aliases expand without end; write the values out',
    ],
    [
      'a prototype',
      `${GOOD}__proto__: { x: 1 }\n`,
      'c.yaml:11:1: __proto__: is not a known key; allowed: train, arms, sizes, head, weights, input, target, suite, title, seeds, study',
    ],
    [
      'bad syntax',
      edit('[1, 2]', '[1, 2'),
      'c.yaml:5:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  ])('%s', async (_, yaml, message) => {
    expect(await errorOf(yaml)).toBe(message);
  });

  it('several problems: all of them, in one go', async () => {
    expect(await errorOf(edit('mini', 'Mini').replace('0.05', '0').replace('bilinear', 'cubic'))).toBe(
      [
        'c.yaml:7:9: train.rate: is 0; must be more than 0',
        'c.yaml:10:13: arms[0].method: is "cubic"; did you mean "bicubic"? must be one of nearest, bilinear, bicubic',
        'c.yaml:2:8: suite: is "Mini"; must be lower-case letters, digits, - and _, such as mini',
      ].join('\n'),
    );
  });

  it('through an alias, the place of the anchor', async () => {
    const text = `${GOOD}  - &a { kind: learned, filters: 3 }\n  - *a\n`;
    expect(await errorOf(text)).toBe(
      [1, 2].map((i) => `c.yaml:11:34: arms[${i}].filters: is 3; must be a multiple of 8`).join('\n'),
    );
  });
});

describe('hostile files', () => {
  const bomb = [
    'a0: &a0 [x,x,x,x,x,x,x,x,x]',
    ...Array.from({ length: 5 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`),
  ].join('\n');
  it.each<[string, string | Uint8Array, string]>([
    ['an alias bomb', bomb, 'c.yaml: its aliases expand without end; write the values out'],
    [
      'many aliases',
      `a: &a 1\nb: [${'*a,'.repeat(60)}]`,
      'c.yaml:2:155: more than 50 aliases; write the values out',
    ],
    [
      'deep brackets',
      `a: ${'['.repeat(5000)}`,
      'c.yaml: has a line of more than 1000 characters; a config is a short hand-written file',
    ],
    [
      'deep brackets on many lines',
      `a: ${'[\n '.repeat(5000)}`,
      'c.yaml: has more than 64 brackets open at once; a config is a short hand-written file',
    ],
    [
      'a large file',
      'a: b\n'.repeat(20_000),
      'c.yaml: larger than 64 KB; a config is a short hand-written file',
    ],
    [
      'a huge file',
      'a: b\n'.repeat(300_000),
      'c.yaml: larger than 1 MB; a config is a short hand-written file',
    ],
    ['not UTF-8', Uint8Array.of(0x61, 0xff), 'c.yaml: not UTF-8 text; save it as UTF-8'],
  ])('%s', async (_, text, message) => {
    expect(await errorOf(text)).toBe(message);
  });

  it('deep blocks of every kind end in an error, and soon', async () => {
    const deep = [
      '- '.repeat(490),
      '? '.repeat(490),
      Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
    ];
    for (const text of deep) expect(await errorOf(text)).toMatch(/^c.yaml:\d+:\d+: /);
  });

  it('many keys end soon', async () => {
    expect(await errorOf(Array.from({ length: 6000 }, (_, i) => `k${i}: 1`).join('\n'))).toContain('study');
  });

  it('a config with anything spliced in is read, or refused with its place', async () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('- ', ': ', '[', '{ a: ', '&x ', '*x', '\n ', '"'),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(GOOD.length), fc.nat(9), fc.array(piece), async (at, removed, pieces) => {
        const file = join(folder, 'fuzz.yaml');
        await writeFile(file, GOOD.slice(0, at) + pieces.join('') + GOOD.slice(at + removed));
        const result: unknown = await loadConfig(file, [everything, noop]).catch((error: unknown) => error);
        if (result instanceof Error) {
          expect(result).toBeInstanceOf(UserError);
          for (const line of result.message.split('\n')) expect(line.startsWith(`${file}:`)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('devices, pipes and folders are not read', async () => {
    await expect(loadConfig('/dev/zero', [noop])).rejects.toThrow(
      '/dev/zero: not a file; name a *.yaml config',
    );
    execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
    await expect(loadConfig(join(folder, 'pipe.yaml'), [noop])).rejects.toThrow('not a file');
    await expect(loadConfig(folder, [noop])).rejects.toThrow('not a file');
  });
});

describe('loadConfigs', () => {
  it('takes files and folders, each file once, by name within a folder', async () => {
    const place = join(folder, 'many');
    await mkdir(join(place, 'sub'), { recursive: true });
    for (const name of ['b.yaml', 'a.yml', '.hidden.yaml', 'notes.txt', 'sub/c.yaml']) {
      await writeFile(join(place, name), GOOD);
    }
    const loaded = await loadConfigs(
      [join(place, 'b.yaml'), place, join(place, 'sub', 'c.yaml')],
      [everything],
    );
    expect(loaded.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
  });

  it('names what is not there, with exit code 2', async () => {
    const nowhere = join(folder, 'nowhere');
    await expect(loadConfigs([nowhere], [noop])).rejects.toMatchObject({
      exitCode: 2,
      message: `${nowhere}: no such file or folder; check the path`,
    });
    const empty = join(folder, 'empty');
    await mkdir(empty);
    await expect(loadConfigs([empty], [noop])).rejects.toThrow(`${empty}: no *.yaml in this folder`);
  });

  it('lists the problems of all files', async () => {
    const place = join(folder, 'bad');
    await mkdir(place);
    await writeFile(join(place, 'a.yaml'), edit('mini', '9 9'));
    await writeFile(join(place, 'b.yaml'), edit('0.05', '7'));
    await expect(loadConfigs([place], [everything])).rejects.toThrow(/a\.yaml:2:8: .*\n.*b\.yaml:7:9: /);
  });
});

describe('jsonSchema', () => {
  it('describes what a person writes, and allows nothing else', () => {
    const schema = z
      .object({ oneOf: z.array(z.looseObject({ properties: z.record(z.string(), z.unknown()) })) })
      .parse(jsonSchema([everything, noop]));
    const [first] = schema.oneOf;
    expect(schema.oneOf).toHaveLength(2);
    expect(first).toMatchObject({
      additionalProperties: false,
      properties: {
        study: { const: 'everything' },
        suite: { type: 'string' },
        train: {
          properties: { epochs: { type: 'string', pattern: expect.stringContaining('epochs') as unknown } },
        },
      },
    });
    expect(first?.['required']).toEqual(['train', 'arms', 'suite', 'title', 'seeds', 'study']);
  });
});
