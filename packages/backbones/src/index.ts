export type { Backbone, WeightSource } from './backbone.ts';
export { mobilenetV2 } from './mobilenet-v2.ts';
export { backboneOf, backbones } from './registry.ts';
