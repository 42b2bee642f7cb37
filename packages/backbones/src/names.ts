/*
 * Apart from the registry, so that a config can be checked without loading TensorFlow.
 */

/** The names of the backbones, as configs say them. */
export const backboneNames = [
  'inception_v2',
  'densenet121',
  'resnet50',
  'mobilenetv2_1.0',
  'mobilenetv2_0.35',
  'efficientnetb0',
  'efficientnet_lite0',
] as const;

export type BackboneName = (typeof backboneNames)[number];

export { type LayoutName, layoutNames } from './weights/layout.ts';
