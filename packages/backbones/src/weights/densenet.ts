import { type Layout, torchNames } from './layout.ts';

function moduleOf(layer: string): string {
  const dense = /^conv(\d)_block(\d+)_(\d)_(bn|conv)$/.exec(layer);
  if (dense) {
    const [, stage, block, place, kind] = dense;
    // Keras counts the norm in front of a convolution 0 and the one behind it 1; PyTorch counts norms 1, 2.
    const number = kind === 'conv' ? Number(place) : Number(place) + 1;
    const unit = `features.denseblock${Number(stage) - 1}.denselayer${block}`;
    return `${unit}.${kind === 'conv' ? 'conv' : 'norm'}${number}`;
  }
  const transition = /^pool(\d)_(bn|conv)$/.exec(layer);
  if (transition) {
    const [, stage, kind] = transition;
    return `features.transition${Number(stage) - 1}.${kind === 'conv' ? 'conv' : 'norm'}`;
  }
  return outside[layer] ?? layer;
}

const outside: Readonly<Record<string, string>> = {
  conv1_conv: 'features.conv0',
  conv1_bn: 'features.norm0',
  bn: 'features.norm5',
  predictions: 'classifier',
};

/** From which Keras' weights were converted. Zeros around the stem's max pool, behind a ReLU, are no difference. */
export const densenetLayouts: Layout[] = [
  {
    name: 'timm',
    title: "timm's and torchvision's densenet121",
    marker: /^features\.denseblock1\.denselayer1\./,
    torch: true,
    nameOf: torchNames(moduleOf),
    note: 'PyTorch trained it with a batch-norm epsilon of 1e-5, Keras and we have 1.001e-5',
  },
];
