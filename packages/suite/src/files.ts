import { open } from 'node:fs/promises';
import { canonicalJson, codeOf, messageOf, UserError, writeAtomically } from '@resizer-lab/base';
import type { z } from 'zod';
import { check, problemText } from './problems.ts';

const MAX_JSON_BYTES = 32 * 1024 * 1024;

/**
 * Writes a value as indented JSON, all of it or nothing.
 * @throws UserError when the disk is full, the folder gone, …; TypeError for a number without JSON form.
 */
export async function writeJson(file: string, value: unknown): Promise<void> {
  canonicalJson(value);
  await writeAtomically(file, [Buffer.from(`${JSON.stringify(value, null, 2)}\n`)]);
}

/**
 * Reads a JSON file that one of our processes wrote, and trusts none of it.
 * @returns undefined where there is no such file.
 * @throws UserError naming the file, what is wrong with it and what to do.
 */
export async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readText(file);
  if (text === undefined) return undefined;
  const checked = check(schema, parsed(file, text));
  if ('value' in checked) return checked.value;
  throw damaged(file, checked.problems.slice(0, 3).map(problemText).join('; '));
}

/** The error for a file of the ledger that does not hold what it should. */
export function damaged(file: string, what: string): UserError {
  return new UserError(`${file} is damaged: ${what}. Remove it (or restore it) and run again.`);
}

/** What a system error means to the person at the keyboard, in one line. */
export function fileError(what: string, cause: unknown): UserError {
  const code = codeOf(cause) ?? '';
  const reason = REASONS[code] ?? `${messageOf(cause)}.`;
  return new UserError(`${what}: ${reason}`, { cause });
}

const REASONS: Record<string, string> = {
  ENOSPC: 'the disk is full. Free some space and run again.',
  EDQUOT: 'the disk quota is used up. Free some space and run again.',
  ENOENT: 'its folder is gone. Was it moved or removed?',
  ENOTDIR: 'a file stands where a folder should be. Move it away and run again.',
  EACCES: 'permission denied. Check who owns the folder.',
  EPERM: 'permission denied. Check who owns the folder.',
  EROFS: 'the disk is read-only. Choose another results folder.',
};

async function readText(file: string): Promise<string | undefined> {
  const handle = await open(file).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw fileError(`${file} cannot be read`, error);
  });
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw damaged(file, 'it is not a plain file');
    if (stats.size > MAX_JSON_BYTES)
      throw damaged(file, `it has ${stats.size} bytes, far more than it should`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(file, `not JSON (${messageOf(error)})`);
  }
}
