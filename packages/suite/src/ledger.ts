import { mkdir, open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf, type Json, UserError } from '@resizer-lab/base';
import { z } from 'zod';
import { damaged, fileError, readJson, writeJson } from './files.ts';
import { type Holder, holderOf } from './lock.ts';
import { keyOf, type Plan } from './plan.ts';
import { check, problemText } from './problems.ts';
import type { Cell, CellRecord, Study } from './study.ts';

/*
 * The ledger of a suite is its folder:
 *   plans/<config>.json          the cells that the config asked for when it was last run
 *   cells/<key>/cell.json        what the cell is; its key is the hash of it
 *   cells/<key>/result.json      written last: the cell is done
 *   cells/<key>/failed.json      why the last attempt failed
 *   cells/<key>/progress.json    how far its process is
 *   cells/<key>/log.txt          what its processes printed
 *   cells/<key>/cell.lock        held while a process works on it
 * and whatever the study writes into the cell's folder.
 */

export type CellState =
  | { readonly state: 'done'; readonly seconds: number }
  | { readonly state: 'running'; readonly holder: Holder }
  | { readonly state: 'failed'; readonly reason: string; readonly when: string }
  | { readonly state: 'interrupted' | 'ready' | 'waiting' };

/** A config's cells and how far each is. */
export interface PlanStatus extends PlanFile {
  readonly suiteDir: string;
  readonly states: readonly CellState[];
}

const anyJson = z.custom<Json>((value) => value !== undefined, { error: () => 'is missing; must be given' });
const key = z.string().regex(/^[0-9a-f]{16}$/);
const keys = z.record(z.string(), key);

const planSchema = z.strictObject({
  config: z.string(),
  study: z.string(),
  title: z.string(),
  seeds: z.array(z.int()),
  cells: z.array(z.strictObject({ id: z.string(), key, needs: keys })),
});
type PlanFile = z.infer<typeof planSchema>;

const cellSchema = z.strictObject({
  key,
  id: z.string(),
  study: z.string(),
  config: anyJson,
  data: z.record(z.string(), z.string()),
  needs: keys,
});

const resultSchema = z.strictObject({
  state: z.literal('done'),
  measurements: anyJson,
  started: z.string(),
  finished: z.string(),
  seconds: z.number().min(0),
  software: z.record(z.string(), anyJson),
});
export type Result = z.infer<typeof resultSchema>;

const failureSchema = z.strictObject({ reason: z.string(), log: z.array(z.string()), when: z.string() });
export type Failure = z.infer<typeof failureSchema>;

export function cellFolder(suiteDir: string, cellKey: string): string {
  return join(suiteDir, 'cells', cellKey);
}

/** Writes a config's plan and the `cell.json` of each cell that is new. */
export async function writePlan(suiteDir: string, { config, cells }: Plan): Promise<void> {
  await makeFolder(join(suiteDir, 'plans'));
  await eachOf(cells, async (cell) => {
    const directory = cellFolder(suiteDir, cell.key);
    await makeFolder(directory);
    if ((await readCell(directory)) === undefined) await writeJson(join(directory, 'cell.json'), cell);
  });
  const file: PlanFile = {
    config: config.name,
    study: config.study.name,
    title: config.title,
    seeds: [...config.seeds],
    cells: cells.map(({ id, key: cellKey, needs }) => ({ id, key: cellKey, needs: { ...needs } })),
  };
  await writeJson(join(suiteDir, 'plans', `${config.name}.json`), file);
}

/** The cell of a folder, or undefined where there is none. @throws UserError where it was tampered with. */
export async function readCell(directory: string): Promise<Cell | undefined> {
  const file = join(directory, 'cell.json');
  const cell = await readJson(file, cellSchema);
  if (cell !== undefined && (keyOf(cell) !== cell.key || cell.key !== basename(directory))) {
    throw damaged(file, `its content does not have the key ${basename(directory)}`);
  }
  return cell;
}

export function readResult(directory: string): Promise<Result | undefined> {
  return readJson(join(directory, 'result.json'), resultSchema);
}

/** Writes what makes a cell done. @throws TypeError for a measurement that JSON cannot hold. */
export function writeResult(directory: string, result: Result): Promise<void> {
  return writeJson(join(directory, 'result.json'), result);
}

/** Writes why the last attempt failed. */
export function writeFailure(directory: string, failure: Failure): Promise<void> {
  return writeJson(join(directory, 'failed.json'), failure);
}

/** How far a cell is. */
export async function stateOf(suiteDir: string, cell: Pick<Cell, 'key' | 'needs'>): Promise<CellState> {
  const directory = cellFolder(suiteDir, cell.key);
  const names = await namesIn(directory);
  const done = async (): Promise<CellState | undefined> => {
    const result = await readResult(directory);
    return result && { state: 'done', seconds: result.seconds };
  };
  const finished = names.has('result.json') ? await done() : undefined;
  if (finished !== undefined) return finished;
  const holder = names.has('cell.lock') ? await holderOf(join(directory, 'cell')) : undefined;
  if (holder !== undefined) return { state: 'running', holder };
  const failure = names.has('failed.json')
    ? await readJson(join(directory, 'failed.json'), failureSchema)
    : undefined;
  if (failure !== undefined) return { state: 'failed', reason: failure.reason, when: failure.when };
  // Its process may have finished since the names were read.
  if (names.has('log.txt')) return (await done()) ?? { state: 'interrupted' };
  for (const needed of Object.values(cell.needs)) {
    if (!(await exists(join(cellFolder(suiteDir, needed), 'result.json')))) return { state: 'waiting' };
  }
  return { state: 'ready' };
}

/** How far each of these cells is. */
export function statesOf(
  suiteDir: string,
  cells: readonly Pick<Cell, 'key' | 'needs'>[],
): Promise<CellState[]> {
  return eachOf(cells, (cell) => stateOf(suiteDir, cell));
}

/**
 * The configs of a suite's folder, by name, with the state of each cell.
 * @throws UserError where the folder is not a suite's, or a file in it is damaged.
 */
export async function readSuite(suiteDir: string): Promise<PlanStatus[]> {
  const folder = join(suiteDir, 'plans');
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new UserError(
      `${suiteDir}: no results here; name the folder of a suite that was run, such as results/smoke`,
      { exitCode: 2, cause },
    );
  });
  const plans: PlanStatus[] = [];
  for (const name of names.filter((file) => /^[^.].*\.json$/.test(file)).sort()) {
    const plan = await readJson(join(folder, name), planSchema);
    if (plan === undefined) continue;
    const states = await statesOf(suiteDir, plan.cells);
    plans.push({ ...plan, suiteDir, states });
  }
  return plans;
}

/**
 * The finished cells of a config, in the order of its plan.
 * @throws UserError where a file is damaged, or was written by another version of the study.
 */
export async function readRecords<C extends z.ZodObject, Work extends z.ZodType, M extends z.ZodType, Table>(
  plan: PlanStatus,
  study: Study<C, Work, M, Table>,
): Promise<CellRecord<z.infer<Work>, z.infer<M>>[]> {
  const records = await eachOf(plan.cells, async ({ key: cellKey, id }) => {
    const directory = cellFolder(plan.suiteDir, cellKey);
    const [cell, result] = [await readCell(directory), await readResult(directory)];
    if (result === undefined) return [];
    if (cell === undefined) throw damaged(directory, 'a result without its cell.json');
    const record: CellRecord<z.infer<Work>, z.infer<M>> = {
      ...cell,
      // The plan's name for it: another config may share the cell under another id.
      id,
      directory,
      config: valid(study.cell, cell.config, join(directory, 'cell.json')),
      measurements: valid(study.measurements, result.measurements, join(directory, 'result.json')),
      started: result.started,
      finished: result.finished,
      seconds: result.seconds,
      software: result.software,
    };
    return [record];
  });
  return records.flat();
}

/** The last lines that a cell's process printed; `from`: where in the log its attempt starts. */
export async function logTail(directory: string, from = 0): Promise<string[]> {
  const [bytes, lines, width] = [16 * 1024, 20, 300];
  const handle = await open(join(directory, 'log.txt')).catch(() => undefined);
  if (handle === undefined) return [];
  try {
    const { size } = await handle.stat();
    const start = Math.max(from, size - bytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, start);
    // Terminal escapes and progress bars are noise here, and an untrusted name could hide in them.
    const text = buffer
      .toString('utf8', 0, bytesRead)
      .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
      .replace(/\r/g, '\n');
    const printed = text.replace(/[^\P{C}\n\t]/gu, '').split('\n');
    return printed
      .filter((line) => line.trim() !== '')
      .slice(-lines)
      .map((line) => line.slice(0, width));
  } finally {
    await handle.close();
  }
}

export async function makeFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((cause: unknown) => {
    throw fileError(`${directory} could not be made`, cause);
  });
}

function valid<S extends z.ZodType>(schema: S, value: unknown, file: string): z.output<S> {
  const checked = check(schema, value);
  if ('value' in checked) return checked.value;
  throw damaged(file, checked.problems.slice(0, 3).map(problemText).join('; '));
}

/** Cells that are read side by side: enough to keep the disk busy, and few files open. */
const AT_ONCE = 64;

async function eachOf<T, R>(items: readonly T[], read: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(read))));
  }
  return results;
}

/** The names in a folder; none if it is not there. */
async function namesIn(directory: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(directory));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return new Set();
    throw fileError(`${directory} cannot be read`, error);
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw fileError(`${file} cannot be read`, error);
  }
}
