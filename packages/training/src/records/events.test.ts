import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEventFile } from './index.ts';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'events-')), 'run');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const source = { now: () => 1_700_000_000_250, host: 'host', pid: 42 };

describe('an event file', () => {
  // Bytes written by tensorboard 2.21.0 (EventFileWriter and Event of tensorboard.compat.proto) with
  // time.time() fixed to 1700000000.25, less the first record: the writer adds its own name to that
  // one. The first record below is `RecordWriter.write(Event(wall_time, file_version))`.
  const golden = [
    '1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9', // file_version
    '100000000000000095fbfe180900001040fc54d94110ad023a020801cb79b93b', // session_log START, step 301
    '1e00000000000000d9dc12320900001040fc54d9412a130a110a0a747261696e2f6c6f7373150000204048de614a',
    '4300000000000000b18525a00900001040fc54d94110ae022a350a110a0a747261696e2f6c6f737315cdcccc3d' +
      '0a200a1976616c69646174696f6e2f746f702d31206572726f7220c3bc150000c07fab619626',
    '3500000000000000d6c55de60900001040fc54d941108080808080202a230a210a06636f6e66696742' +
      '0b080712004205232072756e4a0a0a060a047465787420020536ef8d',
  ];

  it("has the bytes of TensorBoard's own writer", () => {
    const events = openEventFile(folder, { ...source, from: 301 });
    events.scalars(0, { 'train/loss': 2.5 });
    events.scalars(302, { 'train/loss': 0.1, 'validation/top-1 error ü': NaN });
    events.text(2 ** 40, 'config', '# run');
    events.close();
    expect(readFileSync(events.path).toString('hex')).toBe(golden.join(''));
  });

  it('holds each event as soon as it is told', () => {
    const events = openEventFile(folder, { ...source, from: 301 });
    expect(readFileSync(events.path).toString('hex')).toBe(golden.slice(0, 2).join(''));
    events.scalars(0, { 'train/loss': 2.5 });
    expect(readFileSync(events.path).toString('hex')).toBe(golden.slice(0, 3).join(''));
    events.close();
  });

  it('is named so that a later start is read later, even within a second or with the clock set back', () => {
    const start = (ms: number, pid: number) => {
      const events = openEventFile(folder, { now: () => ms, host: 'host', pid });
      events.close();
      return basename(events.path);
    };
    expect(start(1_700_000_000_250, 99)).toBe('events.out.tfevents.1700000000.host.99');
    expect(start(1_700_000_000_900, 7)).toBe('events.out.tfevents.1700000001.host.7');
    expect(start(1_600_000_000_000, 7)).toBe('events.out.tfevents.1700000002.host.7');
    expect(start(1_700_000_500_000, 1)).toBe('events.out.tfevents.1700000500.host.1');
  });

  it('says what stands in the way of writing it', () => {
    writeFileSync(folder, 'a file where the folder should be');
    expect(() => openEventFile(folder, source)).toThrow(`cannot write ${folder}: `);
  });
});
