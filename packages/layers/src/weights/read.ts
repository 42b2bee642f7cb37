import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import { readCheckpoint, readSavedModelVariables } from './checkpoint.ts';
import { readCheckpointV1 } from './checkpoint-v1.ts';
import { readKerasH5 } from './keras-reader.ts';
import { readSafetensors } from './safetensors.ts';
import type { Weights } from './tensor.ts';
import { readTfjsWeights } from './tfjs.ts';

/**
 * Reads weights in any of the formats known here, told by the name: `*.safetensors`, `*.h5` of Keras,
 * `model.json` of TensorFlow.js, a TensorFlow checkpoint (`prefix`, `prefix.index`, or `*.ckpt` of
 * version 1), or the folder of a SavedModel or a TensorFlow.js model.
 * @throws UserError if it is none of these, or as the reader of its format.
 */
export async function readWeights(path: string): Promise<Weights> {
  if (/\.safetensors$/.test(path)) return (await readSafetensors(path)).tensors;
  if (/\.(h5|hdf5)$/.test(path)) return readKerasH5(path);
  if (/\.json$/.test(path)) return readTfjsWeights(path);
  if (/\.index$/.test(path) || (await exists(`${path}.index`))) return readCheckpoint(path);
  if (await exists(join(path, 'variables', 'variables.index'))) return readSavedModelVariables(path);
  if (await exists(join(path, 'model.json'))) return readTfjsWeights(join(path, 'model.json'));
  if (/\.ckpt$/.test(path)) return readCheckpointV1(path);
  throw new UserError(
    `${path} is not a weights file known here; name a .safetensors, a .h5, a model.json, ` +
      'a TensorFlow checkpoint or the folder of a SavedModel.',
  );
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
