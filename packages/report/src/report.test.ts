import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  formatCell,
  formatNumber,
  type Table,
  toCsv,
  toLatex,
  toMarkdown,
  toTerminal,
  writeTables,
} from './index.ts';

const table: Table = {
  name: 'error',
  title: 'Top-1 error of each arm',
  columns: [
    { key: 'arm', header: 'arm' },
    { key: 'n', header: 'n', format: 'count' },
    { key: 'error', header: 'top-1 error' },
    { key: 'difference', header: 'arm − control' },
    { key: 'p', header: 'p (McNemar)', format: 'p' },
  ],
  rows: [
    {
      arm: 'bilinear',
      n: 2000,
      error: { value: 0.3345, low: 0.31421, high: 0.35519, unit: 'percent' },
      difference: null,
      p: null,
    },
    {
      arm: 'learned_n16',
      n: 2000,
      error: { value: 0.3145, low: 0.29423, high: 0.33522, unit: 'percent' },
      difference: { value: -0.02, low: -0.031, high: 0.0001, unit: 'points' },
      p: 0.00001,
    },
  ],
  notes: ['95 % Wilson intervals.'],
};

/** A table of one text cell beside a number. */
function oneCell(text: string): Table {
  const columns = [
    { key: 'text', header: text },
    { key: 'n', header: 'n' },
  ];
  return { name: 'one', title: text, columns, rows: [{ text, n: 1 }], notes: [text] };
}

const nasty = fc.string({
  unit: fc.constantFrom(...'ab1 _*`|\\<>[]()!#~&@$^%{}"\'=+-:;,.\n\r\t\u001b\u202e\u00e9漢😀'),
  maxLength: 30,
});

describe('numbers for people', () => {
  it.each([
    [0.33449, 'percent', '33.45 %'],
    [0.012, 'points', '+1.20 pp'],
    [-0.0000001, 'points', '0.00 pp'],
    [0.63742, 'score', '0.6374'],
    [0.00001, 'p', '<0.0001'],
    [0.04321, 'p', '0.0432'],
    [25_557_032, 'count', '25557032'],
    [25_557_032, 'plain', '25557032'],
    [1.23456789, 'plain', '1.235'],
  ] as const)('%d as %s is %s', (value, unit, text) => {
    expect(formatNumber(value, unit)).toBe(text);
  });

  it('show an interval where there is one', () => {
    const cell = { value: 0.5, low: 0.25, high: 0.75, unit: 'percent' } as const;
    expect(formatCell(cell, {})).toBe('50.00 % [25.00, 75.00]');
    expect(formatCell({ ...cell, low: null, high: null }, {})).toBe('50.00 %');
    expect(formatCell(null, {})).toBe('');
  });
});

describe('toCsv', () => {
  it('keeps full precision and splits estimates', () => {
    expect(toCsv(table).split('\n')).toEqual([
      'arm,n,error,error_low,error_high,difference,difference_low,difference_high,p',
      'bilinear,2000,0.3345,0.31421,0.35519,,,,',
      'learned_n16,2000,0.3145,0.29423,0.33522,-0.02,-0.031,0.0001,0.00001',
      '',
    ]);
  });

  it.each(['=cmd()', '+1', '-1', '@SUM(A1)', ' =1', '\t=1', '＝1'])('disarms %j', (text) => {
    expect(toCsv(oneCell(text)).split('\n')[1]).toBe(`'${text.trim()},1`);
  });

  it('never lets text leave its field or start a formula', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const lines = toCsv(oneCell(text)).split('\n');
        expect(lines).toHaveLength(3);
        const field = /^("(?:[^"]|"")*"|[^",]*),1$/.exec(lines[1]!)?.[1];
        expect(field).toBeDefined();
        expect(field!.replace(/^"/, '')).not.toMatch(/^[=+\-@]/);
      }),
    );
  });

  it('refuses a table whose CSV columns would collide', () => {
    const columns = [...table.columns, { key: 'error_low', header: 'x' }];
    const rows = table.rows.map((row) => ({ ...row, error_low: 1 }));
    expect(() => toCsv({ ...table, columns, rows })).toThrow("two CSV columns 'error_low'");
  });
});

describe('toMarkdown', () => {
  it('is a heading, a table and notes', () => {
    expect(toMarkdown(table)).toBe(
      [
        '## Top-1 error of each arm',
        '',
        '| arm         |    n |            top-1 error |           arm − control | p (McNemar) |',
        '| :---------- | ---: | ---------------------: | ----------------------: | ----------: |',
        '| bilinear    | 2000 | 33.45 % [31.42, 35.52] |                         |             |',
        '| learned_n16 | 2000 | 31.45 % [29.42, 33.52] | -2.00 pp [-3.10, +0.01] |  &lt;0.0001 |',
        '',
        '- 95 % Wilson intervals.',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['a|b', 'a\\|b'],
    ['`rm`', '\\`rm\\`'],
    ['<img src=x>', '&lt;img src=x&gt;'],
    ['[x](http://y)', '\\[x\\](http\\://y)'],
    ['_x_ snake_case', '\\_x\\_ snake_case'],
    ['www.x.org @me', 'www\\.x.org \\@me'],
    ['a\\|b', 'a\\\\\\|b'],
    ['one\ntwo', 'one two'],
  ])('%j stays text', (text, escaped) => {
    expect(toMarkdown(oneCell(text))).toContain(`| ${escaped} `);
  });

  it('never lets text leave its cell or become HTML', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const lines = toMarkdown(oneCell(text)).split('\n');
        expect(lines).toHaveLength(8);
        expect(lines[4]!.match(/(?<!\\)\|/g)).toHaveLength(3);
        expect(lines.join('\n')).not.toMatch(/[<>]|(?<!\\)`/);
      }),
    );
  });

  it('keeps a note from starting a list of its own', () => {
    expect(toMarkdown(oneCell('1. x'))).toContain('- 1\\. x\n');
    expect(toMarkdown(oneCell('- x'))).toContain('- \\- x\n');
  });
});

describe('toLatex', () => {
  it('is a booktabs table', () => {
    const latex = toLatex(table);
    expect(latex).toContain('\\begin{tabular}{lrrrr}\n\\toprule\narm & n & top-1 error & arm $-$ control &');
    expect(latex).toContain(
      'learned\\_n16 & 2000 & 31.45 \\% {[}29.42, 33.52] & $-$2.00 pp {[}$-$3.10, +0.01] &',
    );
    expect(latex).toContain('\\caption{Top-1 error of each arm}\n\\label{tab:error}');
    expect(latex).toContain('\\par\\footnotesize 95 \\% Wilson intervals.');
  });

  it('escapes every character with a meaning', () => {
    const latex = toLatex(oneCell('\\input{x} 50% & $a_1^2$ #~<|>"`[*'));
    expect(latex).toContain(
      '\\textbackslash{}input\\{x\\} 50\\% \\& \\$a\\_1\\textasciicircum{}2\\$ \\#\\textasciitilde{}' +
        '\\textless{}\\textbar{}\\textgreater{}\\textquotedbl{}\\textasciigrave{}{[}{*} & 1 \\\\',
    );
  });

  it('leaves no command of the text alive', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const row = toLatex(oneCell(text)).split('\\midrule\n')[1]!.split(' & 1 \\\\\n')[0]!;
        const rest = row
          .replace(/\\text[a-z]+\{\}/g, '')
          .replace(/\\[&%$#_{}]/g, '')
          .replace(/\{[[*]\}/g, '');
        expect(rest).not.toMatch(/[\\{}&%$#_^~[*"`<>|]/);
      }),
    );
  });
});

describe('toTerminal', () => {
  it('aligns the columns', () => {
    expect(toTerminal(table)).toBe(
      [
        'Top-1 error of each arm',
        '',
        'arm             n             top-1 error            arm − control  p (McNemar)',
        '-----------  ----  ----------------------  -----------------------  -----------',
        'bilinear     2000  33.45 % [31.42, 35.52]',
        'learned_n16  2000  31.45 % [29.42, 33.52]  -2.00 pp [-3.10, +0.01]      <0.0001',
        '',
        '95 % Wilson intervals.',
        '',
      ].join('\n'),
    );
  });

  it('writes row by row where the columns do not fit', () => {
    const lines = toTerminal(table, { width: 40 }).split('\n');
    expect(lines).toContain('top-1 error    33.45 % [31.42, 35.52]');
    expect(lines).toContain('p (McNemar)    <0.0001');
  });

  it('fits its width, loses no character and sends no control codes', () => {
    const texts = fc.array(nasty, { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 20, max: 120 }), (cells, width) => {
        const columns = cells.map((_, j) => ({ key: `k${j}`, header: `h${j}` }));
        const row = Object.fromEntries(cells.map((cell, j) => [`k${j}`, cell]));
        const text = toTerminal({ name: 't', title: 'T', columns, rows: [row], notes: [] }, { width });
        for (const line of text.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(width);
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
        for (const letter of 'ab@漢é') {
          const count = (s: string) => s.split(letter).length;
          expect(count(text)).toBe(count(cells.join('')));
        }
      }),
    );
  });
});

describe('a table that cannot be printed', () => {
  it.each([
    [[{ text: Number.NaN, n: 1 }], "table 'one', row 1, column 'text': NaN cannot be printed"],
    [[{ text: { value: 1, low: 0, high: Infinity, unit: 'score' }, n: 1 }], 'Infinity cannot be printed'],
    [[{ text: 'a' }], "row 1: column 'n' is missing; a blank is null"],
    [[{ text: 'a', n: 1, m: 2 }], "row 1: there is no column 'm'"],
  ] as [Table['rows'], string][])('is named: %j', (rows, message) => {
    for (const write of [toCsv, toMarkdown, toLatex, toTerminal]) {
      expect(() => write({ ...oneCell('x'), rows })).toThrow(message);
    }
  });

  it('may not have two columns of one key', () => {
    const columns = [table.columns[0]!, table.columns[0]!];
    expect(() => toMarkdown({ ...table, columns })).toThrow("two columns 'arm'");
  });
});

describe('writeTables', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tables-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('writes three files a table, the same bytes each time', async () => {
    const target = join(folder, 'made', 'here');
    const paths = await writeTables(target, [table, oneCell('x')]);
    const read = () => Promise.all(paths.map((path) => readFile(path, 'utf8')));
    const first = await read();
    await writeTables(target, [table, oneCell('x')]);
    expect(await read()).toEqual(first);
    expect(first.slice(0, 3)).toEqual([toCsv(table), toMarkdown(table), toLatex(table)]);
    expect((await readdir(target)).sort()).toEqual(
      ['error.csv', 'error.md', 'error.tex', 'one.csv', 'one.md', 'one.tex'].sort(),
    );
  });

  it.each(['../escape', 'a/b', '', 'Has Space', '.hidden'])('refuses the name %j', async (name) => {
    await expect(writeTables(folder, [{ ...table, name }])).rejects.toThrow(`'${name}' is no file name`);
  });

  it('writes nothing if one table is wrong', async () => {
    await expect(writeTables(folder, [table, { ...oneCell('x'), rows: [{}] }])).rejects.toThrow('missing');
    await expect(writeTables(folder, [table, table])).rejects.toThrow("two tables are named 'error'");
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves nothing half-written behind', async () => {
    await mkdir(join(folder, 'error.csv'));
    await expect(writeTables(folder, [table])).rejects.toThrow(
      `${join(folder, 'error.csv')} could not be written`,
    );
    expect(await readdir(folder)).toEqual(['error.csv']);
    await writeFile(join(folder, 'file'), '');
    await expect(writeTables(join(folder, 'file'), [table])).rejects.toThrow('cannot be written');
  });
});
