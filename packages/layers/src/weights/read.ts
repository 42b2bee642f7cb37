import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import { readCheckpoint, readSavedModelVariables } from './checkpoint.ts';
import { readCheckpointV1 } from './checkpoint-v1.ts';
import { readKerasH5 } from './keras-reader.ts';
import { readSafetensors } from './safetensors.ts';
import type { Weights } from './tensor.ts';
import { readTfjsWeights } from './tfjs.ts';

/** The formats that weights are read from. */
export type WeightsFormat =
  | 'safetensors'
  | 'Keras HDF5'
  | 'TensorFlow.js model'
  | 'TensorFlow checkpoint'
  | 'TensorFlow checkpoint (V1)'
  | 'SavedModel';

const readers: Record<WeightsFormat, (path: string) => Promise<Weights>> = {
  safetensors: async (path) => (await readSafetensors(path)).tensors,
  'Keras HDF5': readKerasH5,
  'TensorFlow.js model': async (path) =>
    readTfjsWeights(/\.json$/.test(path) ? path : join(path, 'model.json')),
  'TensorFlow checkpoint': readCheckpoint,
  'TensorFlow checkpoint (V1)': readCheckpointV1,
  SavedModel: readSavedModelVariables,
};

/**
 * Reads weights in any of the formats known here, told by the name: `*.safetensors`, `*.h5` of Keras,
 * `model.json` of TensorFlow.js, a TensorFlow checkpoint (`prefix`, `prefix.index`, or `*.ckpt` of
 * version 1), or the folder of a SavedModel or a TensorFlow.js model.
 * @throws UserError if it is none of these, or as the reader of its format.
 */
export async function readWeights(path: string): Promise<Weights> {
  return readers[await weightsFormat(path)](path);
}

/** The format of a weights file. @throws UserError if it is none that is known here */
export async function weightsFormat(path: string): Promise<WeightsFormat> {
  if (/\.safetensors$/.test(path)) return 'safetensors';
  if (/\.(h5|hdf5)$/.test(path)) return 'Keras HDF5';
  if (/\.json$/.test(path)) return 'TensorFlow.js model';
  if (/\.index$/.test(path) || (await exists(`${path}.index`))) return 'TensorFlow checkpoint';
  if (await exists(join(path, 'variables', 'variables.index'))) return 'SavedModel';
  if (await exists(join(path, 'model.json'))) return 'TensorFlow.js model';
  if (/\.ckpt$/.test(path)) return 'TensorFlow checkpoint (V1)';
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
