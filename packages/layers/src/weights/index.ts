export { readCheckpoint, readSavedModelVariables } from './checkpoint.ts';
export { readCheckpointV1 } from './checkpoint-v1.ts';
export { readKerasH5 } from './keras-reader.ts';
export { kerasNames } from './keras-variables.ts';
export { writeKerasH5 } from './keras-writer.ts';
export { type MatchOptions, matchWeights, type WantedWeight } from './match.ts';
export { readWeights, type WeightsFormat, weightsFormat } from './read.ts';
export {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  readSafetensorsShapes,
  type Safetensors,
  writeSafetensors,
} from './safetensors.ts';
export { isFloatTensor, type TensorData, type Weights, type WeightTensor } from './tensor.ts';
export { readTfjsWeights } from './tfjs.ts';
