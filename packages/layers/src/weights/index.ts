export { writeAtomically } from './atomic.ts';
export { type MatchOptions, matchWeights, type WantedWeight } from './match.ts';
export {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type Safetensors,
  writeSafetensors,
} from './safetensors.ts';
export { isFloatTensor, type TensorData, type Weights, type WeightTensor } from './tensor.ts';
export { readTfjsWeights } from './tfjs.ts';
