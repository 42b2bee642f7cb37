import type { WeightTensor } from '@resizer-lab/layers';
import { type BlockPlace, type Layout, partsOf, type Refusal, torchNames } from './layout.ts';

/*
 * EfficientNet-B0 and Lite0 elsewhere. The same definition as ours, TensorFlow's padding and an epsilon of
 * 1e-3 included, have timm's `tf_efficientnet_*`, the package efficientnet-pytorch, transformers'
 * EfficientNet, and the checkpoints of the authors; timm's and torchvision's own training have not.
 */

/** Blocks of the seven stages. */
const repeats = [1, 2, 2, 3, 3, 4, 1];

function placeOf(layer: string): BlockPlace | undefined {
  const found = /^block(\d)([a-d])_(.+)$/.exec(layer);
  if (!found) return undefined;
  const stage = Number(found[1]) - 1;
  const place = 'abcd'.indexOf(found[2]!);
  const before = repeats.slice(0, stage).reduce((a, b) => a + b, 0);
  return { stage, place, index: before + place, part: found[3]! };
}

type Names = Readonly<Record<string, string>>;

/** Names of layers outside the blocks, and of those inside; the first block, which expands nothing, may differ. */
interface Table {
  outside: Names;
  block: (place: BlockPlace) => string;
  inside: Names;
  first?: Names;
}

function layerNames({ outside, block, inside, first = inside }: Table): (layer: string) => string {
  return (layer) => {
    const place = placeOf(layer);
    if (!place) return outside[layer] ?? layer;
    const names = place.index === 0 ? first : inside;
    return block(place) + (names[place.part] ?? place.part);
  };
}

const timmInside = {
  expand_conv: 'conv_pw',
  expand_bn: 'bn1',
  dwconv: 'conv_dw',
  bn: 'bn2',
  se_reduce: 'se.conv_reduce',
  se_expand: 'se.conv_expand',
  project_conv: 'conv_pwl',
  project_bn: 'bn3',
};

const timm: Layout = {
  name: 'timm-tf',
  title: "timm's tf_efficientnet_b0 or tf_efficientnet_lite0",
  marker: /^blocks\.0\.0\.conv_dw\.weight$/,
  torch: true,
  nameOf: torchNames(
    layerNames({
      outside: {
        stem_conv: 'conv_stem',
        stem_bn: 'bn1',
        top_conv: 'conv_head',
        top_bn: 'bn2',
        predictions: 'classifier',
      },
      block: ({ stage, place }) => `blocks.${stage}.${place}.`,
      inside: timmInside,
      first: { ...timmInside, bn: 'bn1', project_conv: 'conv_pw', project_bn: 'bn2' },
    }),
  ),
  ambiguous:
    "timm's tf_efficientnet_*, which are our networks, and its efficientnet_* without `tf_`, which pad on all " +
    'sides and have another epsilon, use the same names',
  note: "check timm's mean and std of this model against the preprocessing of `resizer backbones`",
};

const pytorch: Layout = {
  name: 'efficientnet-pytorch',
  title: 'the Python package efficientnet-pytorch and its relatives',
  marker: /^_blocks\.0\._depthwise_conv\.weight$/,
  torch: true,
  nameOf: torchNames(
    layerNames({
      outside: {
        stem_conv: '_conv_stem',
        stem_bn: '_bn0',
        top_conv: '_conv_head',
        top_bn: '_bn1',
        predictions: '_fc',
      },
      block: ({ index }) => `_blocks.${index}.`,
      inside: {
        expand_conv: '_expand_conv',
        expand_bn: '_bn0',
        dwconv: '_depthwise_conv',
        bn: '_bn1',
        se_reduce: '_se_reduce',
        se_expand: '_se_expand',
        project_conv: '_project_conv',
        project_bn: '_bn2',
      },
    }),
  ),
};

const transformers: Layout = {
  name: 'transformers',
  title: "transformers' EfficientNetForImageClassification",
  marker: /^efficientnet\.encoder\.blocks\.0\./,
  torch: true,
  nameOf: torchNames(
    layerNames({
      outside: {
        stem_conv: 'efficientnet.embeddings.convolution',
        stem_bn: 'efficientnet.embeddings.batchnorm',
        top_conv: 'efficientnet.encoder.top_conv',
        top_bn: 'efficientnet.encoder.top_bn',
        predictions: 'classifier',
      },
      block: ({ index }) => `efficientnet.encoder.blocks.${index}.`,
      inside: {
        expand_conv: 'expansion.expand_conv',
        expand_bn: 'expansion.expand_bn',
        dwconv: 'depthwise_conv.depthwise_conv',
        bn: 'depthwise_conv.depthwise_norm',
        se_reduce: 'squeeze_excite.reduce',
        se_expand: 'squeeze_excite.expand',
        project_conv: 'projection.project_conv',
        project_bn: 'projection.project_bn',
      },
    }),
  ),
};

const norm = 'tpu_batch_normalization';
const tpuInside = {
  expand_conv: 'conv2d',
  expand_bn: norm,
  dwconv: 'depthwise_conv2d',
  bn: `${norm}_1`,
  se_reduce: 'se/conv2d',
  se_expand: 'se/conv2d_1',
  project_conv: 'conv2d_1',
  project_bn: `${norm}_2`,
};

const tpuLayers = layerNames({
  outside: {
    stem_conv: 'stem/conv2d',
    stem_bn: `stem/${norm}`,
    top_conv: 'head/conv2d',
    top_bn: `head/${norm}`,
    predictions: 'head/dense',
  },
  block: ({ index }) => `blocks_${index}/`,
  inside: tpuInside,
  first: { ...tpuInside, bn: norm, project_conv: 'conv2d', project_bn: `${norm}_1` },
});

/** The authors' checkpoints (tensorflow/tpu, models/official/efficientnet). */
const tpu = (root: string): Layout => ({
  name: 'tpu',
  title: "the authors' checkpoints",
  marker: new RegExp(`^${root}/blocks_0/`),
  torch: false,
  nameOf(own) {
    const [layer, parameter] = partsOf(own);
    return `${root}/${tpuLayers(layer)}/${parameter}`;
  },
  select: averages,
});

const AVERAGE = '/ExponentialMovingAverage';

/** The published accuracies are those of the moving averages; the rest is the optimiser's. */
function averages(given: ReadonlyMap<string, WeightTensor>): ReadonlyMap<string, WeightTensor> {
  const weights = [...given].filter(
    ([name]) => !/\/(ExponentialMovingAverage|RMSProp(_1)?|Momentum)$/.test(name),
  );
  return new Map(weights.map(([name, tensor]) => [name, given.get(name + AVERAGE) ?? tensor]));
}

export const b0Layouts = [timm, pytorch, transformers, tpu('efficientnet-b0')];

export const lite0Layouts = [timm, pytorch, tpu('efficientnet-lite0')];

export const efficientnetRefusals: Refusal[] = [
  {
    marker: /^features\.0\.0\.weight$/,
    reason: "torchvision's EfficientNet, which pads on all sides where ours pads as TensorFlow does",
  },
];
