export { type Diagnosis, diagnose } from './doctor.ts';
export { type GradientCheck, gradientError } from './finite-differences.ts';
export { valueAndGradients } from './gradients.ts';
export { leakyRelu, relu, relu6, sigmoid, swish } from './ops/activations.ts';
export { batchNorm, type BatchNormResult } from './ops/batch-norm.ts';
export { conv2d, type ConvolutionOptions, depthwiseConv2d, type Padding } from './ops/convolution.ts';
export { softmaxCrossEntropy } from './ops/cross-entropy.ts';
export { biasAdd, matMul } from './ops/dense.ts';
export { dropout, type DropoutOptions } from './ops/dropout.ts';
export { toFloat } from './ops/images.ts';
export { averagePool, globalAveragePool, maxPool, type PoolOptions, zeroPad } from './ops/pooling.ts';
export { type Interpolation, interpolations } from './ops/interpolation.ts';
export { resize, type Size } from './ops/resize.ts';
export {
  type Arguments,
  compile,
  float32,
  type FunctionSpec,
  type InputSpec,
  int32,
  type Outputs,
  type Program,
  uint8,
} from './program/program.ts';
export { countMultiplyAdds } from './program/flops.ts';
export type { Node } from './program/graph.ts';
export { dryRun } from './program/recorder.ts';
export { EagerVariables, type Variables } from './program/variables.ts';
export { engineInfo, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D, tf } from './tensorflow.ts';
