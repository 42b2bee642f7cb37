import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stream } from '@resizer-lab/base';
import sharp, { type Sharp } from 'sharp';
import { afterAll } from 'vitest';
import type { Pixels } from './photo.ts';

// Photos for tests, made on the spot.

const folders: string[] = [];
afterAll(() =>
  Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, maxRetries: 3 }))),
);

/** An empty folder, which goes with the test file. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'datasets-'));
  folders.push(folder);
  return folder;
}

/** A new folder with the given files in it. */
export async function folderWith(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const folder = await newFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

/** Uniform noise, another for each seed. */
export function noise(seed: number, width: number, height: number): Pixels {
  const draws = stream(seed, 'noise');
  return { data: Uint8Array.from({ length: width * height * 3 }, () => draws.integer(256)), width, height };
}

export function image({ data, width, height }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

export function jpeg(seed: number, width = 24, height = 16): Promise<Buffer> {
  return image(noise(seed, width, height))
    .jpeg()
    .toBuffer();
}

/** An image folder: `train` and `test`, the named classes, so many photos each, all different. */
export async function imageFolder(
  { classes = ['cat', 'dog'], train = 3, test = 2, width = 24, height = 16 } = {},
  more: Readonly<Record<string, Uint8Array | string>> = {},
): Promise<string> {
  const files: Record<string, Uint8Array | string> = {};
  let seed = 0;
  for (const [split, photos] of Object.entries({ train, test })) {
    for (const name of classes) {
      for (let i = 0; i < photos; i++)
        files[`set/${split}/${name}/${i}.jpg`] = await jpeg(++seed, width, height);
    }
  }
  return folderWith({ ...files, ...more });
}
