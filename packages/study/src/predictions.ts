import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError, writeAtomically } from '@resizer-lab/base';
import type { z } from 'zod';

const FILE = 'predictions.jsonl';

/** What a cell said of one photo of the test split; a study's records have more fields. */
export interface PhotoPrediction {
  /** Path of the photo in the manifest. */
  photo: string;
}

/** Writes a cell's predictions, a line of JSON a photo, in the order of the manifest. */
export async function writePredictions(
  directory: string,
  predictions: readonly PhotoPrediction[],
): Promise<void> {
  const lines = predictions.map((prediction) => `${JSON.stringify(prediction)}\n`);
  await writeAtomically(join(directory, FILE), [Buffer.from(lines.join(''))]);
}

/** Reads a cell's predictions. @throws UserError for a file that is gone or damaged */
export async function readPredictions<Schema extends z.ZodType<PhotoPrediction>>(
  directory: string,
  schema: Schema,
): Promise<z.infer<Schema>[]> {
  const path = join(directory, FILE);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UserError(`The predictions ${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
  return text
    .trimEnd()
    .split('\n')
    .map((line, i) => {
      const parsed = schema.safeParse(jsonOf(line));
      if (parsed.success) return parsed.data;
      const { path: key, message } = parsed.error.issues[0]!;
      const what = [...key, message].join(': ');
      throw new UserError(`${path}:${i + 1} is damaged: ${what}. Remove the cell's folder and run again.`);
    });
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
