export type { Backbone, BatchNormSpec, Channels, Preprocessing, WeightSource } from './backbone.ts';
export { type BackboneName, backboneNames, type LayoutName, layoutNames } from './names.ts';
export { preprocess, spanOf } from './preprocess.ts';
export { backboneOf, backbones } from './registry.ts';
export { exportWeights } from './weights/export.ts';
export { type ImportedWeights, type ImportOptions, importWeights, parametersFor } from './weights/import.ts';
export { kerasWeights } from './weights/keras.ts';
