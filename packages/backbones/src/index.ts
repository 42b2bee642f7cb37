export type { Backbone, BatchNormSpec, Channels, Preprocessing, WeightSource } from './backbone.ts';
export { densenet121 } from './densenet121.ts';
export { efficientnetB0, efficientnetLite0 } from './efficientnet.ts';
export { inceptionV2 } from './inception-v2.ts';
export { mobilenetV2 } from './mobilenet-v2.ts';
export { type BackboneName, backboneNames } from './names.ts';
export { preprocess } from './preprocess.ts';
export { backboneOf, backbones } from './registry.ts';
export { resnet50 } from './resnet50.ts';
