import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgressUpdate } from '@resizer-lab/training/records';
import { z } from 'zod';
import { readJson, writeJson } from './files.ts';

const WRITE_MS = 3000;

/** What a cell tells of its progress, as it comes from another process. */
export const progressSchema: z.ZodType<ProgressUpdate> = z.object({
  step: z.number(),
  steps: z.number(),
  epoch: z.number(),
  epochs: z.number(),
  loss: z.number(),
  images: z.number(),
});

const fileSchema = z.strictObject({
  update: progressSchema,
  /** The attempt's first step and this one, in milliseconds since 1970. */
  first: z.strictObject({ step: z.number(), at: z.number() }),
  at: z.number(),
});

/** How far a running cell is. */
export interface Progress {
  readonly update: ProgressUpdate;
  /** Seconds left at the mean pace of this attempt; undefined before its second step. */
  readonly secondsLeft: number | undefined;
}

/** `progress.json` of a cell at work, for those who look on from outside. */
export interface ProgressFile {
  /** Writes it, at most every few seconds. Never waits, and never fails the cell. */
  update(update: ProgressUpdate): void;
  remove(): Promise<void>;
}

export function progressFile(directory: string): ProgressFile {
  const file = join(directory, 'progress.json');
  let first: { step: number; at: number } | undefined;
  let written = -Infinity;
  let writing = Promise.resolve();
  return {
    update(update) {
      const at = Date.now();
      first ??= { step: update.step, at };
      if (at - written < WRITE_MS) return;
      written = at;
      const content = { update, first, at };
      writing = writing.then(() => writeJson(file, content)).catch(() => undefined);
    },
    async remove() {
      await writing;
      await rm(file, { force: true }).catch(() => undefined);
    },
  };
}

/** How far a cell said that it is; undefined where it did not, or its file makes no sense. */
export async function readProgress(directory: string): Promise<Progress | undefined> {
  const found = await readJson(join(directory, 'progress.json'), fileSchema).catch(() => undefined);
  if (found === undefined) return undefined;
  const { update, first, at } = found;
  const pace = (at - first.at) / (update.step - first.step);
  const left = ((update.steps - update.step) * pace - Math.max(0, Date.now() - at)) / 1000;
  return { update, secondsLeft: update.step > first.step ? Math.max(0, left) : undefined };
}
