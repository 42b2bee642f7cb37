import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Entry, openJsonLines, readJsonLines } from './index.ts';
import { canMount, onTinyDisk } from './tiny-disk.fixture.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jsonl-'));
  path = join(folder, 'metrics.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(entries: readonly Entry[], options: { keep?: number } = {}): void {
  const log = openJsonLines(path, options);
  for (const entry of entries) log.append(entry);
  log.close();
}

const entriesUpTo = (n: number): Entry[] =>
  Array.from({ length: n }, (_, i) => ({ step: i, epoch: 1, loss: Math.sin(i) }));

describe('a file of metrics', () => {
  it('is one JSON object a line, in the order given', () => {
    write([{ step: 1, epoch: 1, loss: 2.5 }]);
    expect(readFileSync(path, 'utf8')).toBe('{"step":1,"epoch":1,"loss":2.5}\n');
  });

  it('reads back every number to the bit, and every text', () => {
    const name = fc.string().filter((s) => s !== 'step' && s !== '__proto__');
    const text = fc.string({ unit: 'binary' }).filter((s) => !['NaN', 'Infinity', '-Infinity'].includes(s));
    const values = fc.dictionary(name, fc.oneof(fc.double(), text), { noNullPrototype: true });
    fc.assert(
      fc.property(values, fc.maxSafeNat(), (fields, step) => {
        rmSync(path, { force: true });
        write([{ step, ...fields }]);
        expect(readJsonLines(path)).toStrictEqual([{ step, ...fields }]); // Object.is for numbers
      }),
    );
  });

  it('has a form for what JSON lacks', () => {
    write([{ step: 1, a: NaN, b: -Infinity, c: Infinity, d: -0 }]);
    expect(readFileSync(path, 'utf8')).toBe('{"step":1,"a":"NaN","b":"-Infinity","c":"Infinity","d":-0}\n');
    const log = openJsonLines(path);
    expect(() => log.append({ step: 2, arm: 'NaN' })).toThrow('would read back as a number');
    expect(() => log.append({ step: 1.5 })).toThrow('"step" must be a whole number');
    log.close();
    expect(readJsonLines(path)).toHaveLength(1);
  });

  it('can be read while it is written, and cut at any byte', () => {
    write([
      { step: 1, loss: 1.5 },
      { step: 2, arm: 'ü' },
    ]);
    const bytes = readFileSync(path);
    const first = bytes.indexOf('\n') + 1;
    for (let size = 0; size <= bytes.length; size++) {
      writeFileSync(path, bytes.subarray(0, size));
      const whole = size < first ? 0 : size < bytes.length ? 1 : 2;
      expect(readJsonLines(path).map(({ step }) => step)).toEqual([1, 2].slice(0, whole));
      write([{ step: 3 }]);
      expect(readJsonLines(path).map(({ step }) => step)).toEqual([...[1, 2].slice(0, whole), 3]);
    }
  });

  it('may be longer than one read', () => {
    const entries = entriesUpTo(5000);
    write(entries);
    expect(statSync(path).size).toBeGreaterThan(3 * 65536);
    expect(readJsonLines(path)).toEqual(entries);
  });
});

describe('resuming', () => {
  it('leaves the bytes of a run that was never stopped, wherever the checkpoint and the kill were', () => {
    const entries = entriesUpTo(40);
    write(entries);
    const uninterrupted = readFileSync(path);
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), fc.nat(30), (checkpoint, more, torn) => {
        rmSync(path, { force: true });
        const log = openJsonLines(path);
        for (const entry of entries.slice(0, checkpoint)) log.append(entry);
        const keep = log.lines;
        for (const entry of entries.slice(checkpoint, checkpoint + more)) log.append(entry);
        log.close();
        appendFileSync(path, '{"step":1e9,"loss":0.123456789,"epoch":12}'.slice(0, torn));

        write(entries.slice(keep), { keep });
        expect(readFileSync(path)).toEqual(uninterrupted);
      }),
    );
  });

  it('counts the lines that were there before', () => {
    write(entriesUpTo(7));
    const log = openJsonLines(path, { keep: 5 });
    expect(log.lines).toBe(5);
    log.append({ step: 5 });
    expect(log.lines).toBe(6);
    log.close();
  });

  it('refuses a file that is shorter than the checkpoint says', () => {
    write(entriesUpTo(3));
    expect(() => openJsonLines(path, { keep: 4 })).toThrow(
      /metrics\.jsonl has 3 lines, but the checkpoint was saved after 4/,
    );
    expect(readJsonLines(path)).toHaveLength(3);
  });
});

describe('errors', () => {
  it.each([
    ['{"step":1}\n{"step":2,"loss":\n{"step":3}\n', /metrics\.jsonl:2: not a line of metrics: .*JSON/],
    ['{"step":1}\n\n', /:2: not a line/],
    ['{"loss":1}\n', /:1: not a line of metrics: "step" must be a whole number, 0 or more, not undefined/],
    ['{"step":-1}\n', /not -1/],
    ['{"step":1,"loss":null}\n', /"loss" is neither a number nor a text/],
    ['[1]\n', /not an object/],
    [Buffer.from([0x22, 0xff, 0x22, 0x0a]), /:1: not a line/],
    [`{"step":1}\n${' '.repeat(2 << 20)}`, /:2: line longer than 1 MiB/],
  ])('%# names the line that is not one', (content, message) => {
    writeFileSync(path, content);
    expect(() => readJsonLines(path)).toThrow(UserError);
    expect(() => readJsonLines(path)).toThrow(message);
  });

  it('says that there is no file', () => {
    expect(() => readJsonLines(path)).toThrow(`cannot read ${path}: no such file`);
  });

  it.skipIf(!existsSync('/dev/full'))('says that the disk is full (needs /dev/full)', () => {
    symlinkSync('/dev/full', path);
    const log = openJsonLines(path);
    expect(() => log.append({ step: 1 })).toThrow(`cannot write ${path}: the disk is full.`);
    expect(log.lines).toBe(0);
    log.close();
  });

  it.skipIf(!canMount)(
    'says so too when a part of the line still fits (needs leave to mount a tmpfs)',
    () => {
      const source = `
      import { openJsonLines, readJsonLines } from ${JSON.stringify(join(import.meta.dirname, 'jsonl.ts'))};
      const path = process.env.FOLDER + '/metrics.jsonl';
      const log = openJsonLines(path);
      log.append({ step: 1 });
      try {
        log.append({ step: 2, text: ' '.repeat(300_000) });
      } catch (error) {
        console.log(JSON.stringify(error.message));
      }
      log.close();
      console.log(readJsonLines(path).length, '\\n', openJsonLines(path).lines);`;
      expect(onTinyDisk(folder, source)).toEqual([
        expect.stringMatching(/metrics\.jsonl: the disk is full/),
        1,
        1,
      ]);
    },
  );
});
