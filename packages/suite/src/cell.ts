import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, type Json, messageOf, UserError } from '@resizer-lab/base';
import { cellFolder, logTail, readCell, readResult, writeFailure, writeResult } from './ledger.ts';
import { type Lock, takeLock } from './lock.ts';
import { outOfMemory } from './memory.ts';
import { check, didYouMean, problemText, quote } from './problems.ts';
import { type ProgressFile, progressFile } from './progress-file.ts';
import { STOP_SIGNALS } from './stop.ts';
import type { Cell, CellContext, Study } from './study.ts';

/**
 * How an attempt at a cell ended. `busy`: another process is at it, or took it over. `stopped`: told to;
 * it resumes.
 */
export type CellEnd = 'done' | 'failed' | 'busy' | 'stopped';

/** The exit codes by which a cell's process tells its runner (75: EX_TEMPFAIL of sysexits.h). */
export const CELL_EXIT: Readonly<Record<CellEnd, number>> = { done: 0, failed: 1, busy: 75, stopped: 130 };

export interface RunCellOptions {
  readonly studies: readonly Study[];
  readonly dataRoot: string;
  /** Versions and device, for the record. */
  readonly software: Readonly<Record<string, Json>>;
}

/**
 * Runs the cell of a folder in this process: what the runner starts one process a cell for. Never
 * throws for what the study does: a failure is in `failed.json` and, in a line, on stderr. Stops at
 * the study's next opportunity on SIGINT, SIGTERM, SIGHUP, when the runner is gone, and when the
 * cell's lock is lost.
 */
export async function runCell(directory: string, options: RunCellOptions): Promise<CellEnd> {
  // On a full disk the log cannot be written either; that must not be what ends the process.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  const taken = await takeLock(join(directory, 'cell')).catch((error: unknown) => {
    say(error);
    return undefined;
  });
  if (taken === undefined) return 'failed';
  if ('heldBy' in taken) return 'busy';
  try {
    return await runLocked(directory, taken.lock, options);
  } finally {
    await taken.lock.release();
  }
}

async function runLocked(directory: string, { lost }: Lock, options: RunCellOptions): Promise<CellEnd> {
  const stop = stopSignal(lost);
  const progress = progressFile(directory);
  try {
    if ((await readResult(directory)) !== undefined) {
      tell({ kind: 'done earlier' });
      return 'done';
    }
    await clean(directory);
    await work(directory, { ...options, signal: stop.signal, progress });
    return 'done';
  } catch (error) {
    if (stop.signal.aborted) {
      console.error(messageOf(stop.signal.reason));
      return lost.aborted ? 'busy' : 'stopped';
    }
    await report(directory, error);
    return 'failed';
  } finally {
    stop.dispose();
    await progress.remove();
  }
}

type Work = RunCellOptions & { readonly signal: AbortSignal; readonly progress: ProgressFile };

async function work(directory: string, options: Work): Promise<void> {
  const started = new Date();
  const cell = await readCell(directory);
  if (cell === undefined) throw new UserError(`${directory}: no cell here (cell.json is missing)`);
  const study = studyOf(cell, options.studies);
  const config = check(study.cell, cell.config);
  if ('problems' in config) {
    throw new UserError(`cell "${cell.id}": ${config.problems.map(problemText).join('; ')}`);
  }
  const context = await contextOf(directory, cell, options);
  const measured = await study.run({ ...cell, config: config.value }, context);
  // As it will be read back: a number that is not finite is refused here, where its name is known.
  const measurements = check(study.measurements, measured);
  if ('problems' in measurements) {
    throw new UserError(`measurements are unusable: ${measurements.problems.map(problemText).join('; ')}`);
  }
  const finished = new Date();
  await writeResult(directory, {
    state: 'done',
    measurements: (measured ?? null) as Json,
    started: started.toISOString(),
    finished: finished.toISOString(),
    seconds: (finished.getTime() - started.getTime()) / 1000,
    software: { ...options.software },
  });
}

async function contextOf(
  directory: string,
  { id, needs }: Cell,
  { signal, dataRoot, progress }: Work,
): Promise<CellContext> {
  const suiteDir = dirname(dirname(directory));
  for (const [role, key] of Object.entries(needs)) {
    if ((await readResult(cellFolder(suiteDir, key))) === undefined) {
      throw new UserError(`cell "${id}" needs cell ${key} (its ${role}), which is not done; run the suite`);
    }
  }
  return {
    directory,
    dataRoot,
    signal,
    need(role) {
      const key = needs[role];
      if (key === undefined) throw new TypeError(`cell "${id}" has no need "${role}"`);
      return cellFolder(suiteDir, key);
    },
    progress(update) {
      tell({ kind: 'progress', update });
      progress.update(update);
    },
  };
}

function studyOf({ id, study: name }: Cell, studies: readonly Study[]): Study {
  const study = studies.find((candidate) => candidate.name === name);
  if (study !== undefined) return study;
  const known = studies.map((candidate) => candidate.name);
  throw new UserError(
    `cell "${id}" is of study ${quote(name)}, which is not here;${didYouMean(name, known)} known: ${known.join(', ')}`,
  );
}

/**
 * Removes what an earlier attempt left: its failure, how far it was, and the temporary files of an atomic
 * write that it was killed in. Not that of `cell.json`, which another run may be writing.
 */
async function clean(directory: string): Promise<void> {
  const names = await readdir(directory);
  const leftovers = names.filter((name) =>
    /^(failed|progress)\.json$|^\.(?!cell\.json\.).+\.[0-9a-f-]{36}\.tmp$/.test(name),
  );
  await Promise.all(leftovers.map((name) => rm(join(directory, name), { force: true })));
}

async function report(directory: string, error: unknown): Promise<void> {
  const reason = say(error);
  // Nothing is wrong with the cell itself: once there is space, it goes on without being asked to.
  if (isLackOfSpace(error)) return;
  const failure = { reason, log: await logTail(directory), when: new Date().toISOString() };
  await writeFailure(directory, failure).catch((cause: unknown) => console.error(messageOf(cause)));
}

/** Puts an error in the log, and its first line before the runner. */
function say(error: unknown): string {
  const [line = ''] = messageOf(error).split('\n');
  const reason = outOfMemory(line) ?? line;
  console.error(error instanceof UserError || !(error instanceof Error) ? line : error.stack);
  tell({ kind: 'failed', reason });
  return reason;
}

function isLackOfSpace(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (['ENOSPC', 'EDQUOT'].includes(codeOf(e) ?? '')) return true;
  }
  return false;
}

/** Tells the runner, if there is one and it lives. */
function tell(message: { kind: string; [key: string]: unknown }): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function stopSignal(lost: AbortSignal): { signal: AbortSignal; dispose: () => void } {
  const told = new AbortController();
  const stop = () => told.abort(new UserError('the cell was told to stop'));
  for (const name of STOP_SIGNALS) process.on(name, stop);
  // Without its runner a cell stops, so that a new runner need not wait for it.
  process.on('disconnect', stop);
  if (process.send !== undefined && !process.connected) stop();
  return {
    signal: AbortSignal.any([told.signal, lost]),
    dispose() {
      for (const name of STOP_SIGNALS) process.off(name, stop);
      process.off('disconnect', stop);
    },
  };
}
