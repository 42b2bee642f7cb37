export { constant, glorotUniform, heNormal, type Initialiser } from './initialisers.ts';
export {
  batchNorm,
  batchNormOfParts,
  type BatchNormOptions,
  conv,
  type ConvOptions,
  convOfParts,
  dense,
  depthwiseConv,
  type DepthwiseConvOptions,
  dropConnect,
  dropout,
} from './layers.ts';
export {
  countParameters,
  type DropRates,
  initialValues,
  multiplyAddsOf,
  type Parameter,
  type Parameters,
  parametersOf,
  Scope,
  type ScopeOptions,
} from './scope.ts';
export * from './weights/index.ts';
