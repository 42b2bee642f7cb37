import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalJson, sha256, stream } from '@resizer-lab/base';
import { cellFolder, readCell, readResult, readSuite } from '../ledger.ts';

export interface KillOptions {
  /** The command that runs the suite into a folder of results. */
  readonly command: (results: string) => readonly string[];
  /** Folders of results: that of the run that nobody disturbs, and those of the runs that are killed. */
  readonly results: { readonly calm: string; readonly killed: (round: number) => string };
  readonly suite: string;
  readonly kills: number;
  readonly seed: number;
  /** The longest time between two kills. */
  readonly maxSeconds: number;
  /** Files of a cell that its result rests on, which must be the same to the byte. */
  readonly evidence: readonly string[];
  readonly say: (line: string) => void;
}

/**
 * Kills runs of a suite, and their cells, with SIGKILL at random moments, and goes on with the same
 * command. A suite that is done is begun again in a new folder until all kills are spent.
 * @returns how many kills met the runner, and how many a cell
 * @throws where a finished cell was lost or done again, a file is damaged, or the end differs from that
 * of the run that nobody disturbed
 */
export async function surviveKills(options: KillOptions): Promise<{ runner: number; cell: number }> {
  const { results, say } = options;
  const calm = await runToEnd(options, results.calm);
  const expected = await contentOf(join(results.calm, options.suite), options.evidence);
  say(`undisturbed: ${calm.toFixed(0)} s, ${expected.size} files to compare`);
  const spent = { runner: 0, cell: 0 };
  const draw = stream(options.seed, 'kills');
  for (let round = 1; spent.runner + spent.cell < options.kills; round++) {
    const folder = results.killed(round);
    const seconds = (await disturb(options, { folder, spent, draw })) + (await runToEnd(options, folder));
    same(expected, await contentOf(join(folder, options.suite), options.evidence));
    const kills = `${spent.runner} kills of the runner and ${spent.cell} of a cell`;
    say(`round ${round}: ${seconds.toFixed(0)} s, the same to the byte; so far ${kills}`);
  }
  return spent;
}

interface Round {
  readonly folder: string;
  readonly spent: { runner: number; cell: number };
  readonly draw: { uniform(): number };
}

/** Kills until the suite is done or the kills are spent; returns the seconds that it took. */
async function disturb(options: KillOptions, { folder, spent, draw }: Round): Promise<number> {
  const began = performance.now();
  const suiteDir = join(folder, options.suite);
  const finished = new Map<string, string>();
  let run: ChildProcess | undefined;
  while (spent.runner + spent.cell < options.kills) {
    if (run === undefined || hasEnded(run)) {
      if (run?.exitCode === 0) break;
      run = start(options.command(folder));
    }
    await Promise.race([once(run, 'exit'), sleep(1000 * options.maxSeconds * draw.uniform())]);
    if (hasEnded(run)) continue;
    if (draw.uniform() < 0.5) {
      const cell = await pidAtWork(suiteDir, run);
      if (cell !== undefined && kill(cell)) spent.cell++;
    } else {
      const exit = once(run, 'exit');
      run.kill('SIGKILL');
      await exit;
      spent.runner++;
    }
    await checkFinished(suiteDir, finished);
  }
  if (run !== undefined && !hasEnded(run)) {
    const exit = once(run, 'exit');
    run.kill('SIGTERM');
    await exit;
  }
  await checkFinished(suiteDir, finished);
  return (performance.now() - began) / 1000;
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

/** A process that has just ended cannot be killed. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

async function runToEnd({ command }: KillOptions, folder: string): Promise<number> {
  const began = performance.now();
  const child = start(command(folder));
  let printed = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the run into ${folder} ended with ${code}:\n${printed}`);
  return (performance.now() - began) / 1000;
}

function start([program = '', ...args]: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.resume();
  return child;
}

/** The process of a cell at work, as soon as there is one; none if the run ends before. */
async function pidAtWork(suiteDir: string, run: ChildProcess): Promise<number | undefined> {
  while (!hasEnded(run)) {
    // Before the first plan is written there is no suite to read.
    const plans = await readSuite(suiteDir).catch(() => []);
    const state = plans.flatMap(({ states }) => states).find((each) => each.state === 'running');
    if (state?.state === 'running') return state.holder.pid;
    await sleep(50);
  }
  return undefined;
}

/** Reads all of the ledger, which fails where a file is damaged; no result may be lost or written again. */
async function checkFinished(suiteDir: string, finished: Map<string, string>): Promise<void> {
  const names = await readdir(suiteDir).catch(() => [] as string[]);
  if (!names.includes('plans')) return;
  await readSuite(suiteDir);
  const found = new Map<string, string>();
  for (const key of await readdir(join(suiteDir, 'cells'))) {
    const directory = cellFolder(suiteDir, key);
    await readCell(directory);
    if ((await readResult(directory)) === undefined) continue;
    // Another file of the same content would be another result.
    const { ino, mtimeMs } = await stat(join(directory, 'result.json'));
    found.set(key, `${ino} ${mtimeMs}`);
  }
  for (const [key, identity] of finished) {
    if (!found.has(key)) throw new Error(`${key}: a finished cell was lost`);
    if (found.get(key) !== identity) throw new Error(`${key}: a finished cell was done again`);
  }
  for (const [key, identity] of found) finished.set(key, identity);
}

/** What must be the same at the end: measurements, the files that they rest on, and tables. */
async function contentOf(suiteDir: string, evidence: readonly string[]): Promise<Map<string, string>> {
  const content = new Map<string, string>();
  const keys = (await readSuite(suiteDir)).flatMap(({ cells }) => cells.map(({ key }) => key));
  for (const key of new Set(keys)) {
    const directory = cellFolder(suiteDir, key);
    content.set(`${key} measurements`, canonicalJson((await readResult(directory))?.measurements));
    for (const name of evidence) {
      const bytes = await readFile(join(directory, name)).catch(() => undefined);
      // A cell that trains nothing has no curve.
      if (bytes) content.set(`${key} ${name}`, sha256(bytes));
    }
  }
  const tables = join(suiteDir, 'tables');
  for (const name of await readdir(tables).catch(() => [] as string[])) {
    content.set(`tables/${name}`, await readFile(join(tables, name), 'utf8'));
  }
  return content;
}

function same(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): void {
  const names = new Set([...expected.keys(), ...found.keys()]);
  const differing = [...names].filter((name) => expected.get(name) !== found.get(name));
  if (differing.length > 0) throw new Error(`not as in the undisturbed run: ${differing.join(', ')}`);
}
