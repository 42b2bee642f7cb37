import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf, UserError } from '@resizer-lab/base';
import { reasonOf } from './disk.ts';

/** A checkpoint on the disk. */
export interface Checkpoint {
  readonly step: number;
  readonly path: string;
}

/** What `latest` found: the newest whole checkpoint, if any, and the newer ones that are damaged. */
export interface FoundCheckpoint {
  readonly checkpoint: Checkpoint | undefined;
  readonly damaged: readonly { readonly path: string; readonly reason: string }[];
}

/** The checkpoints of one run, one file each: `step-000000412.safetensors`, and named ones such as `final.safetensors`. */
export interface CheckpointFolder {
  /**
   * Saves the checkpoint of a step: `write` makes the file at the path it is given; only when
   * that file is whole and on the disk does it take its name, and older ones go.
   * @throws UserError if it cannot be written; the checkpoints before it are still there.
   */
  save(step: number, write: (path: string) => Promise<void>): Promise<Checkpoint>;
  /** Saves a checkpoint that is never removed, under a name: lower-case letters, digits and dashes. Returns its path. */
  saveAs(name: string, write: (path: string) => Promise<void>): Promise<string>;
  /** The newest whole checkpoint of a step, which is the one to resume from. Named ones are not looked at. */
  latest(): Promise<FoundCheckpoint>;
}

/** A file that is being written. Readers and `latest` never look at such names. */
const partial = 'partial-';

/**
 * The checkpoints in a folder, which is made when the first one is saved. A process killed at
 * any moment leaves the last good checkpoint; what it had half written is removed by the next
 * save. One process at a time may save.
 *
 * `verify` reads a checkpoint and throws if it is not whole. `keep`: how many steps are kept.
 */
export function checkpointFolder(
  folder: string,
  { verify, keep = 2 }: { verify: (path: string) => Promise<void>; keep?: number },
): CheckpointFolder {
  async function store(name: string, write: (path: string) => Promise<void>): Promise<string> {
    const temporary = join(folder, partial + name);
    const path = join(folder, name);
    try {
      await mkdir(folder, { recursive: true });
      await removePartial(folder);
      await write(temporary);
      await sync(temporary);
      await verify(temporary);
      await rename(temporary, path);
      await sync(folder);
      return path;
    } catch (error) {
      await removePartial(folder).catch(() => undefined); // The first error is the one to tell.
      throw new UserError(
        `cannot write checkpoint ${path}: ${reasonOf(error)}. ${await whatRemains(folder)}`,
        {
          cause: error,
        },
      );
    }
  }

  return {
    async save(step, write) {
      const path = await store(fileOf(step), write);
      await prune(folder, step, keep);
      return { step, path };
    },
    saveAs(name, write) {
      if (!/^[a-z][a-z0-9-]*$/.test(name) || /^(step|partial)-/.test(name)) {
        throw new TypeError(`"${name}" cannot name a checkpoint`);
      }
      return store(`${name}.safetensors`, write);
    },
    async latest() {
      const damaged: { path: string; reason: string }[] = [];
      for (const checkpoint of await newestFirst(folder)) {
        try {
          await verify(checkpoint.path);
          return { checkpoint, damaged };
        } catch (error) {
          damaged.push({ path: checkpoint.path, reason: messageOf(error) });
        }
      }
      return { checkpoint: undefined, damaged };
    },
  };
}

function fileOf(step: number): string {
  if (!Number.isSafeInteger(step) || step < 0) throw new TypeError(`${step} is not a step`);
  return `step-${String(step).padStart(9, '0')}.safetensors`;
}

async function newestFirst(folder: string): Promise<Checkpoint[]> {
  return (await namesIn(folder))
    .map((name) => ({
      step: Number(/^step-(\d{9,16})\.safetensors$/.exec(name)?.[1]),
      path: join(folder, name),
    }))
    .filter(({ step }) => Number.isSafeInteger(step))
    .sort((a, b) => b.step - a.step);
}

/** The names in a folder; none if it does not exist yet. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw new UserError(`cannot read the checkpoints in ${folder}: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Leaves the newest `keep` up to this step. Later ones go as well: a run that saves this step
 * did not resume from them, so they are damaged.
 */
async function prune(folder: string, step: number, keep: number): Promise<void> {
  const all = await newestFirst(folder);
  const kept = all.filter((checkpoint) => checkpoint.step <= step).slice(0, keep);
  await Promise.all(
    all.filter((checkpoint) => !kept.includes(checkpoint)).map(({ path }) => rm(path, { force: true })),
  );
}

async function removePartial(folder: string): Promise<void> {
  const names = (await namesIn(folder)).filter((name) => name.startsWith(partial));
  await Promise.all(names.map((name) => rm(join(folder, name), { force: true, recursive: true })));
}

async function whatRemains(folder: string): Promise<string> {
  const last = (await newestFirst(folder).catch(() => []))[0];
  return last === undefined
    ? 'There is no earlier checkpoint; correct that and start again'
    : `The last one, of step ${last.step}, is kept; correct that and start again to resume from it`;
}

/** Waits until a file's content, or a folder's names, are on the disk. */
async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
