import { sha256 } from '@resizer-lab/base';
import type { WeightTensor } from '@resizer-lab/layers';
import { describe, expect, it } from 'vitest';
import type { BackboneName } from '../names.ts';
import { backboneOf } from '../registry.ts';
import { exportWeights } from './export.ts';
import { importWeights, parametersFor } from './import.ts';
import { kerasWeights } from './keras.ts';
import { type LayoutName, torchNames } from './layout.ts';
import { knownLayouts } from './layouts.ts';

type Weights = Map<string, WeightTensor<Float32Array>>;

const CLASSES = 7;

/** Weights of a backbone; numbers next to each other differ. */
function weightsOf(name: BackboneName, classes = CLASSES): Weights {
  const parameters = parametersFor(backboneOf(name), classes);
  return new Map(
    [...parameters.values()].map(({ name: own, shape }, place) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [own, { shape, data: Float32Array.from({ length: size }, (_, i) => (place + i) % 2 ** 20) }];
    }),
  );
}

const load = (name: BackboneName, given: ReadonlyMap<string, WeightTensor>, layout?: LayoutName) =>
  importWeights(backboneOf(name), given, { source: 'x.safetensors', ...(layout ? { layout } : {}) });

/** Millions of numbers, for comparison. */
const digests = (weights: ReadonlyMap<string, WeightTensor>) =>
  [...weights].map(([name, { shape, data }]) => [name, shape, sha256(new Uint8Array(data.buffer))]);

const without = (weights: Weights, names: RegExp): Weights =>
  new Map([...weights].filter(([name]) => !names.test(name)));

const vector = (...values: number[]): WeightTensor => ({
  shape: [values.length],
  data: Float32Array.from(values),
});

describe('weights under our own names', () => {
  it.each(['inception_v2', 'mobilenetv2_0.35'] as const)('%s, with any head or none', (name) => {
    const weights = weightsOf(name);
    expect(load(name, weights)).toEqual({ weights, classes: CLASSES, notes: [] });
    const features = without(weights, /^(predictions|InceptionV2\/Logits)\//);
    expect(load(name, features)).toEqual({ weights: features, classes: 0, notes: [] });
  });

  it('are all there or none is taken', () => {
    const weights = weightsOf('mobilenetv2_0.35');
    const renamed = new Map(
      [...weights].map(([name, tensor]) => [name.replace('block_1_expand/', 'block_1/'), tensor]),
    );
    expect(() => load('mobilenetv2_0.35', renamed)).toThrow(
      'x.safetensors does not fit this network, nothing was loaded: 1 missing: block_1_expand/kernel ' +
        '(nearest: block_1/kernel); 1 unexpected: block_1/kernel.',
    );
    expect(() => load('mobilenetv2_1.0', weights)).toThrow(
      /of another shape or type: Conv1\/kernel \(wanted \[3, 3, 3, 32\]/,
    );
  });

  it("may have Keras 3's name of a depthwise kernel, and what the caller ignores", () => {
    const weights = weightsOf('mobilenetv2_0.35');
    const keras = new Map(
      [...weights].map(([name, tensor]) => [name.replace('depthwise_kernel', 'kernel'), tensor]),
    );
    expect(load('mobilenetv2_0.35', keras).weights).toEqual(weights);
    const more = new Map([...weights, ['resizer/conv_in/kernel', vector(1)]]);
    expect(() => load('mobilenetv2_0.35', more)).toThrow('1 unexpected: resizer/conv_in/kernel');
    const options = { source: 'x', ignore: ['resizer/'] };
    expect(importWeights(backboneOf('mobilenetv2_0.35'), more, options).weights).toEqual(weights);
  });
});

describe('weights of other projects', () => {
  /*
   * From the projects themselves (interop/models.py): how many weights their model has, and the first digits of
   * SHA-256 over the sorted lines `name shape`.
   */
  const models: readonly [BackboneName, LayoutName, number, string][] = [
    ['efficientnetb0', 'timm-tf', 311, '7cb9021c3caa1471'],
    ['efficientnet_lite0', 'timm-tf', 247, '423e99004c65710c'],
    ['densenet121', 'timm', 606, 'c00dfab4b9d23f51'],
    ['efficientnetb0', 'transformers', 311, 'fc348f6f82aa0f9c'],
    ['mobilenetv2_1.0', 'transformers', 262, 'e90e7c99dc0fc26d'],
    ['mobilenetv2_0.35', 'transformers', 262, '652a13482f409d7b'],
  ];

  it.each(models)('%s as %s has their names and shapes', (name, layout, count, digest) => {
    const given = exportWeights(backboneOf(name), weightsOf(name), layout);
    const lines = [...given].map(([theirs, { shape }]) => `${theirs} ${shape.join()}`).sort();
    expect([lines.length, sha256(lines.join('\n')).slice(0, 16)]).toEqual([count, digest]);
  });

  const all = (['efficientnetb0', 'efficientnet_lite0', 'densenet121', 'mobilenetv2_0.35'] as const).flatMap(
    (name) => knownLayouts(name).layouts.map((layout) => [name, layout.name] as const),
  );

  it.each(all)('%s as %s and back is the same', (name, layout) => {
    const weights = weightsOf(name);
    const given = exportWeights(backboneOf(name), weights, layout);
    const imported = load(name, given, layout === 'timm-tf' ? layout : undefined);
    expect(imported.layout?.name).toBe(layout);
    expect(digests(imported.weights)).toEqual(digests(weights));
  });

  it('are stored as PyTorch stores them: OIHW, [out, in]', () => {
    const weights = weightsOf('mobilenetv2_0.35');
    const given = exportWeights(backboneOf('mobilenetv2_0.35'), weights, 'transformers');
    const at = ({ shape, data }: WeightTensor, ...index: number[]) =>
      data[index.reduce((offset, i, axis) => offset * shape[axis]! + i, 0)];
    const [conv, torchConv] = [
      weights.get('Conv1/kernel')!,
      given.get('mobilenet_v2.conv_stem.first_conv.convolution.weight')!,
    ];
    expect(at(torchConv, 5, 2, 1, 0)).toBe(at(conv, 1, 0, 2, 5));
    const depthwise = weights.get('block_3_depthwise/depthwise_kernel')!;
    expect(at(given.get('mobilenet_v2.layer.2.conv_3x3.convolution.weight')!, 6, 0, 2, 1)).toBe(
      at(depthwise, 2, 1, 6, 0),
    );
    expect(at(given.get('classifier.weight')!, 3, 1000)).toBe(
      at(weights.get('predictions/kernel')!, 1000, 3),
    );
  });

  it("are refused in doubt: timm's two families of EfficientNet have the same names", () => {
    const given = exportWeights(backboneOf('efficientnetb0'), weightsOf('efficientnetb0'), 'timm-tf');
    expect(() => load('efficientnetb0', given)).toThrow(/pad on all sides.*--layout timm-tf/);
    expect(() => load('resnet50', given, 'timm-tf')).toThrow(
      'ResNet-50 is not known in the layout "timm-tf"',
    );
  });

  it.each<[BackboneName, string, string]>([
    ['resnet50', 'layer1.0.conv1.weight', 'stride in the 3×3'],
    ['resnet50', 'resnet.encoder.stages.0.layers.0.layer.0.convolution.weight', 'stride in the 3×3'],
    ['mobilenetv2_1.0', 'blocks.0.0.conv_dw.weight', "timm's MobileNet-v2, which pads on all sides"],
    ['mobilenetv2_1.0', 'features.0.0.weight', "torchvision's MobileNet-v2, which pads on all sides"],
    ['efficientnetb0', 'features.0.0.weight', "torchvision's EfficientNet, which pads on all sides"],
  ])('%s with %s are another network, and refused', (name, weight, reason) => {
    expect(() => load(name, new Map([[weight, vector(1)]]))).toThrow(reason);
  });

  it("are the moving averages in the authors' checkpoints, without the optimiser's state", () => {
    const weights = weightsOf('efficientnet_lite0');
    const given: Weights = exportWeights(backboneOf('efficientnet_lite0'), weights, 'tpu');
    const checkpoint = new Map(
      [...given].flatMap(([name, tensor]) => [
        [name, { shape: tensor.shape, data: tensor.data.map((value) => value + 1) }],
        [`${name}/ExponentialMovingAverage`, tensor],
        [`${name}/RMSProp`, tensor],
      ]),
    );
    expect(load('efficientnet_lite0', checkpoint).weights).toEqual(weights);
  });
});

describe('weights for Keras', () => {
  const layers = (weights: ReadonlyMap<string, unknown>) => [
    ...new Set([...weights.keys()].map((name) => name.split('/')[0])),
  ];

  it("of ResNet-50 come in the order of Keras' layers, the shortcut beside the third convolution", () => {
    const weights = weightsOf('resnet50');
    const ordered = kerasWeights(backboneOf('resnet50'), weights);
    expect(digests(ordered).sort()).toEqual(digests(weights).sort());
    // As keras.applications.ResNet50(…).layers has them.
    const first = layers(ordered).filter(
      (layer) => layer?.startsWith('conv2_block1_') && layer.endsWith('_conv'),
    );
    expect(first).toEqual(['1', '2', '0', '3'].map((i) => `conv2_block1_${i}_conv`));
  });

  it('of EfficientNet-B0 bring the preprocessing, which is a layer there, and leave it on the way back', () => {
    const weights = weightsOf('efficientnetb0');
    const keras = kerasWeights(backboneOf('efficientnetb0'), weights);
    expect([...keras.get('normalization/variance')!.data].map((value) => Number(value).toFixed(6))).toEqual([
      '0.052441',
      '0.050176',
      '0.050625',
    ]);
    expect(load('efficientnetb0', keras)).toEqual({ weights, classes: CLASSES, notes: [] });
    const other = new Map([...keras, ['normalization/mean', vector(0, 0, 0)]]);
    expect(load('efficientnetb0', other).notes).toEqual([
      expect.stringContaining('normalises by mean [0, 0, 0]'),
    ]);
  });
});

it('names of PyTorch', () => {
  const nameOf = torchNames((layer) => `net.${layer}`);
  expect(
    ['a/kernel', 'a/bias', 'n/gamma', 'n/beta', 'n/moving_mean', 'n/moving_variance'].map(nameOf),
  ).toEqual([
    ...[
      'net.a.weight',
      'net.a.bias',
      'net.n.weight',
      'net.n.bias',
      'net.n.running_mean',
      'net.n.running_var',
    ],
  ]);
});
