import { closeSync, fsyncSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { codeOf, messageOf, UserError } from '@resizer-lab/base';
import { append, writing } from './disk.ts';

/** One line of `metrics.jsonl` or `timing.jsonl`: named values at a step. */
export interface Entry {
  readonly step: number;
  readonly [name: string]: number | string;
}

/** A file of entries, one JSON object a line, open for appending. */
export interface JsonLines {
  /** How many lines the file holds: what a checkpoint stores, to be given to `openJsonLines` as `keep`. */
  readonly lines: number;
  /** Appends one line; when it returns, the line survives the death of this process. */
  append(entry: Entry): void;
  /** Puts everything on the disk, so that it survives a power cut as well. Call it before saving a checkpoint. */
  sync(): void;
  close(): void;
}

const longestLine = 1 << 20;
const newline = 0x0a;
const nonFinite = new Map([NaN, Infinity, -Infinity].map((x) => [String(x), x]));

/**
 * Opens a file of entries for appending, and makes it if it is missing. A half-written last
 * line is cut off. With `keep`, so is everything after that many lines: a run that stores
 * `lines` in its checkpoint and passes it here on resuming leaves the same bytes as a run never
 * stopped, provided that its entries hold no clock times.
 *
 * Numbers are written in the shortest form that reads back to the same bits, −0 as `-0`, and
 * what JSON lacks as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`.
 *
 * @throws UserError if the file has fewer lines than `keep`, or cannot be written.
 */
export function openJsonLines(path: string, { keep }: { keep?: number } = {}): JsonLines {
  const fd = writing(path, () => openSync(path, 'a+'));
  let lines: number;
  try {
    lines = writing(path, () => cut(fd, path, keep));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    get lines() {
      return lines;
    },
    append(entry) {
      const bytes = Buffer.from(encode(entry));
      writing(path, () => append(fd, bytes));
      lines++;
    },
    sync: () => writing(path, () => fsyncSync(fd)),
    close: () => closeSync(fd),
  };
}

/**
 * The entries of a file written by `openJsonLines`, also while it is being written: a last line
 * that does not end yet is left out.
 * @throws UserError if the file cannot be read, or naming the first line that is not an entry.
 */
export function readJsonLines(path: string): Entry[] {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw new UserError(
      `cannot read ${path}: ${codeOf(error) === 'ENOENT' ? 'no such file' : messageOf(error)}`,
    );
  }
  try {
    return Array.from(wholeLines(fd, path), ({ bytes, number }) => decode(bytes, `${path}:${number}`));
  } finally {
    closeSync(fd);
  }
}

/** Shortens the file to `keep` lines (all whole lines by default) and returns how many there are. */
function cut(fd: number, path: string, keep = Infinity): number {
  let lines = 0;
  let end = 0;
  for (const line of keep > 0 ? wholeLines(fd, path) : []) {
    lines = line.number;
    end = line.end;
    if (lines === keep) break;
  }
  if (lines < keep && keep !== Infinity) {
    throw new UserError(
      `${path} has ${lines} lines, but the checkpoint was saved after ${keep}: they are not of the same run. ` +
        'Put the file back, or delete the folder of this run to start it again',
    );
  }
  // Shortening in place is atomic, and unlike a rewrite it also works on a full disk.
  if (end < fstatSync(fd).size) ftruncateSync(fd, end);
  return lines;
}

interface Line {
  readonly bytes: Buffer;
  /** 1 for the first. */
  readonly number: number;
  /** Byte offset just behind the line. */
  readonly end: number;
}

/** The lines that end with a newline, read in pieces, up to the size that the file has now. */
function* wholeLines(fd: number, path: string): Generator<Line> {
  const { size } = fstatSync(fd);
  const chunk = Buffer.alloc(1 << 16);
  let rest = Buffer.alloc(0);
  let number = 0;
  for (let position = 0; position < size; ) {
    const n = readSync(fd, chunk, 0, Math.min(chunk.length, size - position), position);
    if (n === 0) return;
    const bytes = Buffer.concat([rest, chunk.subarray(0, n)]);
    const origin = position - rest.length;
    position += n;
    let start = 0;
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, start)) {
      yield { bytes: bytes.subarray(start, at), number: ++number, end: origin + at + 1 };
      start = at + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > longestLine) throw new UserError(`${path}:${number + 1}: line longer than 1 MiB`);
  }
}

function encode(entry: Entry): string {
  checkStep(entry.step);
  const fields = Object.entries(entry).map(
    ([name, value]) => `${JSON.stringify(name)}:${encodeValue(value)}`,
  );
  return `{${fields.join(',')}}\n`;
}

function encodeValue(value: number | string): string {
  if (typeof value === 'number') {
    if (Object.is(value, -0)) return '-0';
    return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
  }
  if (nonFinite.has(value)) throw new TypeError(`the text "${value}" would read back as a number`);
  return JSON.stringify(value);
}

function decode(bytes: Buffer, where: string): Entry {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      throw new TypeError('not an object');
    const fields = Object.entries(value).map(([name, v]) => [name, decodeValue(name, v)] as const);
    const { step, ...others } = Object.fromEntries(fields);
    checkStep(step);
    return { step, ...others };
  } catch (error) {
    throw new UserError(`${where}: not a line of metrics: ${messageOf(error)}`, { cause: error });
  }
}

function decodeValue(name: string, value: unknown): number | string {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return nonFinite.get(value) ?? value;
  throw new TypeError(`${JSON.stringify(name)} is neither a number nor a text`);
}

function checkStep(step: unknown): asserts step is number {
  if (!Number.isSafeInteger(step) || Number(step) < 0) {
    throw new TypeError(`"step" must be a whole number, 0 or more, not ${String(step)}`);
  }
}
