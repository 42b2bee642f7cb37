export { constant, glorotUniform, heNormal, type Initialiser } from './initialisers.ts';
export { batchNorm, conv, dense, depthwiseConv } from './layers.ts';
export {
  countParameters,
  initialValues,
  type Parameter,
  type Parameters,
  parametersOf,
  Scope,
  type ScopeOptions,
} from './scope.ts';
export * from './weights/index.ts';
