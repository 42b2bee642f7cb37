import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import type { FolderConfig, LoaderOptions, Transform } from '@resizer-lab/datasets';

/** Photos on their way into batches: what every contestant is given. */
export interface LoaderWork {
  /** Folder of data sets that holds Imagenette. */
  root: string;
  transform: TransformName;
  /** Side of the photos in a batch. */
  size: number;
  batch: number;
  epochs: number;
  /** Photos of each of the ten classes. */
  photosPerClass: number;
  /** An empty folder for what the contestant keeps. */
  scratch: string;
}

export const transforms = {
  stretch: { fit: 'stretch', flip: true },
  crop: { fit: 'random-resized-crop', scale: [0.08, 1], ratio: [3 / 4, 4 / 3], flip: true },
} as const satisfies Record<string, Transform>;

export type TransformName = keyof typeof transforms;

export function photosOf({ photosPerClass }: LoaderWork): FolderConfig {
  return {
    ...{ kind: 'folder', path: 'imagenette', train: 'train', test: 'val' },
    limit: { train: photosPerClass, test: 1 },
  };
}

export function loaderOptions({ transform, size, batch, scratch }: LoaderWork): LoaderOptions {
  return {
    ...{ split: 'train', batch, size: [size, size], transform: transforms[transform] },
    ...{ seed: 1, shuffle: true, dropLast: true },
    cache: { folder: join(scratch, 'photos'), limit: 16e9 },
  };
}

/** Runs a program to its end. @returns the JSON in the last line that it prints @throws UserError if it fails */
export async function resultOf(command: string, args: readonly string[]): Promise<unknown> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  if (code === 0) return JSON.parse(output.trim().split('\n').at(-1)!) as unknown;
  const lines = errors.trim().split('\n');
  const reason = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1);
  throw new UserError(`${command} ${args.join(' ')} ended with code ${code}: ${reason}`);
}
