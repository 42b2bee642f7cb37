import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach } from 'vitest';
import { z } from 'zod';
import { readSuite } from '../index.ts';
import { mainCommand } from './main.ts';

/*
 * The runner as a user meets it: real processes, started and killed.
 */

export let folder = '';
export let dataRoot = '';
export let results = '';
/** Processes that are killed after the test. */
export const started: ChildProcess[] = [];

/** Gives each test of a file its own folder, and ends what it started. */
export function ownFolder(): void {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'suite-run-'));
    dataRoot = join(folder, 'data');
    results = join(folder, 'results');
    await mkdir(dataRoot);
    await config({});
  });
  afterEach(async () => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
}

export async function config({
  name = 'c',
  milliseconds = 0,
  graph = '{ a: [], b: [a], c: [b], d: [] }',
}): Promise<void> {
  const lines = ['study: noop', 'suite: s', 'title: T', 'seeds: [1]', `milliseconds: ${milliseconds}`];
  await writeFile(join(folder, `${name}.yaml`), [...lines, `graph: ${graph}`].join('\n'));
}

export const misbehave = (how: Record<string, string>) =>
  writeFile(join(dataRoot, 'behaviour.json'), JSON.stringify(how));

const eventSchema = z.looseObject({
  kind: z.string(),
  id: z.string().default(''),
  reason: z.string().default(''),
  earlier: z.boolean().optional(),
});
type Event = z.infer<typeof eventSchema>;

interface Running {
  readonly child: ChildProcess;
  readonly events: Event[];
  readonly ended: Promise<{ code: number | null; events: Event[]; stderr: string }>;
  /** Resolves when such an event was printed. */
  readonly seen: (kind: string, id?: string) => Promise<void>;
}

export function start(env: Record<string, string> = {}, wrapper: readonly string[] = []): Running {
  const command = [process.execPath, ...mainCommand, 'run', results, dataRoot, join(folder, 'c.yaml')];
  const [program = '', ...args] = [...wrapper, ...command];
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  const events: Event[] = [];
  let [buffered, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (buffered + text).split('\n');
    buffered = lines.pop() ?? '';
    for (const line of lines) events.push(eventSchema.parse(JSON.parse(line)));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, events, stderr }));
  const isSeen = (kind: string, id: string) => events.some((event) => event.kind === kind && event.id === id);
  return {
    child,
    events,
    ended,
    async seen(kind, id = '') {
      while (!isSeen(kind, id)) await sleep(5);
    },
  };
}

export const run = (env: Record<string, string> = {}) => start(env).ended;

export const summary = (events: readonly Event[]) =>
  events
    .filter(({ kind }) => kind !== 'progress' && kind !== 'outcome')
    .map(({ kind, id }) => `${kind} ${id[0]}`);

export async function witnessed(): Promise<string[]> {
  const text = await readFile(join(dataRoot, 'witness.txt'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace('/seed1', ''));
}

export async function states(): Promise<Record<string, string>> {
  const [plan] = await readSuite(join(results, 's'));
  return Object.fromEntries(
    plan!.cells.map(({ id }, i) => [id.replace('/seed1', ''), plan!.states[i]!.state]),
  );
}

export async function cellFolderOf(letter: string): Promise<string> {
  const [plan] = await readSuite(join(results, 's'));
  return join(results, 's', 'cells', plan!.cells.find(({ id }) => id.startsWith(letter))!.key);
}
