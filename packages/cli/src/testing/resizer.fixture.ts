import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect } from 'vitest';

/*
 * The command as a user runs it: a process of its own, in a folder of its own.
 */

export const bin = join(import.meta.dirname, '../../bin/resizer.mjs');

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Started {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** Ends the command and all that it started, at once. */
  killAll(): void;
}

export interface Place {
  cwd: string;
  env?: Record<string, string>;
  /** A command that the rest is passed to. */
  wrapper?: readonly string[];
}

/** A folder that is removed after the tests of the file. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'resizer-cli-'));
  afterAll(() => {
    running.forEach(killGroup);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}

/** Commands that a failed test has left behind. */
const running = new Set<ChildProcess>();

function killGroup({ pid }: ChildProcess): void {
  process.kill(-pid!, 'SIGKILL');
}

/** Starts `resizer` in a process group of its own. */
export function start(args: readonly string[], { cwd, env, wrapper = [] }: Place): Started {
  const [program, ...rest] = [...wrapper, process.execPath, bin, ...args] as [string, ...string[]];
  // What the person who runs the tests has set must not reach them.
  const own = { RESIZER_DATA: undefined, RESIZER_WEIGHTS: undefined };
  const child = spawn(program, rest, {
    cwd,
    detached: true,
    env: { ...process.env, ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.on('close', () => running.delete(child));
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, ...output }));
  return { child, ended, killAll: () => killGroup(child) };
}

/** Runs `resizer` to its end. */
export const resizer = (args: readonly string[], place: Place) => start(args, place).ended;

/** What a user must never see, whatever went wrong. */
export function expectNoStack({ stdout, stderr }: Ended): void {
  expect(stdout + stderr).not.toMatch(/^\s+at |\bnode:internal|\[object Object\]/m);
}

/** The smallest suite: three cells of a few seconds. */
const tiny = [
  'study: classification',
  'suite: tiny',
  'title: Tiny',
  'seeds: [1]',
  'data: { kind: synthetic, version: positive, train: 64, test: 30, classes: 2 }',
  'input: 48',
  'target: 16',
  'backbones:',
  '  - { name: mobilenetv2_0.35 }',
  'training: { batch: 8, batchNormMomentum: 0.9, checkpointEvery: 3 steps }',
  'baseline: { resizer: { kind: fixed, method: bilinear }, duration: 1 epoch, rate: 0.02 }',
  'arms:',
  '  duration: 2 epochs',
  '  rate: 0.02',
  '  list:',
  '    bilinear: { resizer: { kind: fixed, method: bilinear } }',
  '    learned: { resizer: { kind: learned, filters: 4 }, control: bilinear }',
  '',
].join('\n');

/** Writes that suite's config, with some text put in the place of other. */
export function writeConfig(path: string, changes: Readonly<Record<string, string>> = {}): void {
  let text = tiny;
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`the config has no "${from}"`);
    text = text.replace(from, to);
  }
  writeFileSync(path, text);
}

/** The cells of the suite's only config, by arm: where their files are. */
export function cellFolders(suite: string, config = 'tiny'): Record<string, string> {
  const plan = JSON.parse(readFileSync(join(suite, 'plans', `${config}.json`), 'utf8')) as {
    cells: { id: string; key: string }[];
  };
  return Object.fromEntries(plan.cells.map(({ id, key }) => [id.split('/')[1]!, join(suite, 'cells', key)]));
}

/** Lines that a cell has recorded so far. */
export function linesOf(cell: string, file = 'metrics.jsonl'): number {
  const path = join(cell, file);
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

/** Waits until something is so, or the command has ended. */
export async function until(isSo: () => boolean, { child }: Started): Promise<void> {
  while (!isSo()) {
    if (child.exitCode !== null) throw new Error(`the command ended with ${child.exitCode} before that`);
    await sleep(20);
  }
}
