import { type Layout, type Refusal, torchNames } from './layout.ts';

const parts: Readonly<Record<string, string>> = {
  expand: 'expand_1x1',
  depthwise: 'conv_3x3',
  project: 'reduce_1x1',
};

function moduleOf(layer: string): string {
  const found = /^(?:expanded_conv|block_(\d+))_(expand|depthwise|project)(_BN)?$/.exec(layer);
  if (!found) return `mobilenet_v2.${outside[layer]}`;
  const [, block, part, norm] = found;
  const unit = block === undefined ? 'conv_stem' : `layer.${Number(block) - 1}`;
  return `mobilenet_v2.${unit}.${parts[part!]}.${norm ? 'normalization' : 'convolution'}`;
}

const outside: Readonly<Record<string, string>> = {
  Conv1: 'conv_stem.first_conv.convolution',
  bn_Conv1: 'conv_stem.first_conv.normalization',
  Conv_1: 'conv_1x1.convolution',
  Conv_1_bn: 'conv_1x1.normalization',
};

const nameOf = torchNames((layer) => (layer === 'predictions' ? 'classifier' : moduleOf(layer)));

export const mobilenetLayouts: Layout[] = [
  {
    name: 'transformers',
    title: "transformers' MobileNetV2ForImageClassification with TensorFlow's padding",
    marker: /^mobilenet_v2\.conv_stem\./,
    torch: true,
    nameOf,
    note: 'the published files have 1001 outputs, of which the first is the background',
  },
];

const differs =
  'which pads on all sides where ours pads as TensorFlow does, and has an epsilon of 1e-5, not 1e-3';

export const mobilenetRefusals: Refusal[] = [
  { marker: /^blocks\.0\.0\.conv_dw\.weight$/, reason: `timm's MobileNet-v2, ${differs}` },
  { marker: /^features\.0\.0\.weight$/, reason: `torchvision's MobileNet-v2, ${differs}` },
];
