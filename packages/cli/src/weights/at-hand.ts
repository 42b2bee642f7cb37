import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '@resizer-lab/base';
import { type Backbone, parametersFor } from '@resizer-lab/backbones';
import { weightsRoot } from '@resizer-lab/datasets';
import { readSafetensorsShapes } from '@resizer-lab/layers';

/** A file that holds weights of a backbone under its own names. */
export interface WeightsAtHand {
  file: string;
  /** Outputs of the head; 0: it has none. */
  classes: number;
}

/** Where fetched weights lie. */
export function weightsCache(): string {
  return join(cacheFolder(), 'weights');
}

export function cachedWeights({ name }: Pick<Backbone, 'name'>): string {
  return join(weightsCache(), `${name}.safetensors`);
}

type Shapes = ReadonlyMap<string, readonly number[]>;

/** The safetensors files of the weights' folder and of the cache, by what they hold: those of a backbone. */
export async function weightsAtHand(): Promise<(backbone: Backbone) => WeightsAtHand[]> {
  const files = (await Promise.all([weightsRoot(), weightsCache()].map(safetensorsIn))).flat();
  const read = files.map(async (file) => ({ file, shapes: await shapesOf(file) }));
  const known = await Promise.all(read);
  return (backbone) =>
    known.flatMap(({ file, shapes }) => {
      const classes = shapes && classesIn(backbone, shapes);
      return classes === undefined ? [] : [{ file, classes }];
    });
}

async function safetensorsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith('.safetensors') && !name.startsWith('.'))
    .sort()
    .map((name) => join(folder, name));
}

/** Undefined for a file that cannot be read: it is not at hand. */
const shapesOf = (file: string): Promise<Shapes | undefined> =>
  readSafetensorsShapes(file).catch(() => undefined);

/** How many outputs the head has of a backbone's weights; undefined if they are not the backbone's. */
function classesIn(backbone: Backbone, shapes: Shapes): number | undefined {
  const holds = (classes: number) =>
    [...parametersFor(backbone, classes).values()].every(
      ({ name, shape }) => String(shapes.get(name)) === String(shape),
    );
  if (!holds(0)) return undefined;
  const head = [...shapes].find(([name]) => name.startsWith(`${backbone.headName}/`));
  const classes = head?.[1].at(-1) ?? 0;
  return classes > 0 && holds(classes) ? classes : 0;
}
