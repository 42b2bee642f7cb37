import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf, UserError, writeAtomically } from '@resizer-lab/base';
import {
  float32,
  freeze,
  type FrozenFunction,
  servedModel,
  type Tensor4D,
  tfjsGraphModel,
} from '@resizer-lab/engine';
import { Scope } from '@resizer-lab/layers';
import type { LoadedNetwork } from './evaluate/model.ts';

export const exportFormats = ['saved-model', 'tfjs-graph'] as const;

export type ExportFormat = (typeof exportFormats)[number];

export interface ExportOptions {
  /** Images at a time, and their sides: the graph has fixed sizes. */
  batch: number;
  size: number;
  format: ExportFormat;
  /** A folder that is empty or does not exist. */
  to: string;
}

const files: Record<ExportFormat, (frozen: FrozenFunction) => ReadonlyMap<string, Uint8Array>> = {
  'saved-model': (frozen) => new Map([['saved_model.pb', servedModel(frozen)]]),
  'tfjs-graph': tfjsGraphModel,
};

/**
 * Writes a network for other programs to run: `images`, float32 [batch, size, size, 3] with values 0 … 255 in
 * RGB order, → `logits` [batch, classes]. Preprocessing and resizer are part of it.
 * @returns the files written
 * @throws UserError for a folder that holds files, or ops that the format does not have
 */
export async function exportNetwork(
  { network, weights }: LoadedNetwork,
  { batch, size, format, to }: ExportOptions,
): Promise<string[]> {
  const frozen = freeze(
    {
      inputs: { images: float32(batch, size, size, 3) },
      body: ({ images }, variables) => ({
        logits: network(new Scope({ variables, training: false }), images as Tensor4D),
      }),
    },
    weights,
  );
  const content = files[format](frozen);
  await emptyFolder(to);
  const names = [...content.keys()].map((name) => join(to, name));
  // The file that names the others comes last.
  for (const [name, bytes] of [...content].reverse()) await writeAtomically(join(to, name), [bytes]);
  return names;
}

async function emptyFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    if ((await readdir(path)).length === 0) return;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    throw new UserError(`${path} cannot be made a folder: ${messageOf(error)}`, { cause: error });
  }
  throw new UserError(`${path} is not empty; name another folder.`, { exitCode: 2 });
}
