import { tf } from '@resizer-lab/engine';
import { expect, it } from 'vitest';
import { preprocess } from './preprocess.ts';
import { backboneOf } from './registry.ts';

const pixel = () => tf.tensor4d([10, 100, 250], [1, 1, 1, 3], 'int32');

// Computed with preprocess_input of Keras Applications 3.15 (modes caffe, torch, tf); Lite0 by hand: (x − 127) / 128.
it.each([
  ['resnet50', [146.061, -16.779, -113.68]],
  ['densenet121', [-1.9466565, -0.28501397, 2.5528543]],
  ['efficientnetb0', [-1.9466565, -0.28501397, 2.5528543]],
  ['mobilenetv2_1.0', [-0.92156863, -0.21568626, 0.96078432]],
  ['inception_v2', [-0.92156863, -0.21568626, 0.96078432]],
  ['efficientnet_lite0', [-0.9140625, -0.2109375, 0.9609375]],
])('brings bytes to what %s expects', (name, expected) => {
  const values = preprocess(pixel(), backboneOf(name).preprocessing).dataSync();
  expected.forEach((value, i) => {
    expect(values[i]).toBeCloseTo(value, 4);
  });
});
