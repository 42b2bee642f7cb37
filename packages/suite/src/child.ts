import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@resizer-lab/base';
import type { ProgressUpdate } from '@resizer-lab/training/records';
import { z } from 'zod';
import { CELL_EXIT } from './cell.ts';
import { fileError } from './files.ts';
import { logTail, writeFailure } from './ledger.ts';
import { killedReason, memoryKills, outOfMemory } from './memory.ts';
import { progressSchema } from './progress-file.ts';
import { STOP_SIGNALS } from './stop.ts';

/** What became of a cell's process. */
export type ChildEnd =
  /** `earlier`: another process had already done it. */
  | { readonly end: 'done'; readonly earlier: boolean }
  | { readonly end: 'busy' }
  | { readonly end: 'stopped'; readonly reason: string; readonly log: string[] }
  | { readonly end: 'failed'; readonly reason: string; readonly log: string[] };

export interface Child {
  readonly ended: Promise<ChildEnd>;
  kill(signal: NodeJS.Signals): void;
}

const messageSchema = z.union([
  z.object({ kind: z.literal('progress'), update: progressSchema }),
  z.object({ kind: z.literal('done earlier') }),
  z.object({ kind: z.literal('failed'), reason: z.string() }),
]);

/**
 * Starts a cell's process. What it prints is appended to the folder's `log.txt`; progress and the
 * reason of a failure come over the process channel.
 * @throws UserError where the log cannot be opened (full disk, folder gone).
 */
export async function startChild(
  directory: string,
  command: readonly string[],
  { onProgress }: { onProgress: (update: ProgressUpdate) => void },
): Promise<Child> {
  const log = await open(join(directory, 'log.txt'), 'a').catch((cause: unknown) => {
    throw fileError(`${join(directory, 'log.txt')} could not be opened`, cause);
  });
  const logStart = (await log.stat()).size;
  const killsBefore = await memoryKills();
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', log.fd, log.fd, 'ipc'] });
  let reported: string | undefined;
  let earlier = false;
  child.on('message', (message) => {
    const parsed = messageSchema.safeParse(message);
    if (!parsed.success) return;
    if (parsed.data.kind === 'progress') onProgress(parsed.data.update);
    else if (parsed.data.kind === 'done earlier') earlier = true;
    else reported = parsed.data.reason;
  });
  const closed = new Promise<{ code: number | null; signal: string | null; error?: Error }>((resolve) => {
    child.on('error', (error) => resolve({ code: null, signal: null, error }));
    // 'close' and not 'exit': only then have all messages arrived.
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  // The process has its own copy; closed only now, for an error to start it comes on the next tick.
  await log.close();
  const ending = async (): Promise<ChildEnd> => {
    const { code, signal, error } = await closed;
    if (code === CELL_EXIT.done) return { end: 'done', earlier };
    if (code === CELL_EXIT.busy) return { end: 'busy' };
    const lines = await logTail(directory, logStart);
    if (error !== undefined) {
      return { end: 'failed', reason: `${program} could not be started: ${messageOf(error)}`, log: lines };
    }
    if (code === CELL_EXIT.stopped || (signal !== null && STOPPING.has(signal))) {
      const reason =
        signal === 'SIGKILL' ? killedReason(killsBefore, await memoryKills()) : stopReason(signal);
      return { end: 'stopped', reason, log: lines };
    }
    if (reported !== undefined) return { end: 'failed', reason: reported, log: lines };
    const reason = crashReason(code, signal, lines);
    await recordCrash(directory, reason, lines);
    return { end: 'failed', reason, log: lines };
  };
  return { ended: ending(), kill: (signal) => void child.kill(signal) };
}

/** Signals that come from outside: the work itself did not fail, and resumes in the next run. */
const STOPPING: ReadonlySet<string> = new Set([...STOP_SIGNALS, 'SIGKILL']);

function stopReason(signal: string | null): string {
  return signal === null ? 'its process was told to stop' : `its process was stopped (${signal})`;
}

function crashReason(code: number | null, signal: string | null, log: readonly string[]): string {
  if (signal === null) return `its process ended with code ${code}`;
  return outOfMemory(log.join('\n'), signal) ?? `its process crashed (${signal})`;
}

async function recordCrash(directory: string, reason: string, log: string[]): Promise<void> {
  // The runner reports the crash in any case; a full disk must not hide it.
  await writeFailure(directory, { reason, log, when: new Date().toISOString() }).catch(() => undefined);
}
