import type { WeightTensor } from '@resizer-lab/layers';

/** How another project stores the weights of a network whose definition is ours. */
export interface Layout {
  /** As the command line says it. */
  name: LayoutName;
  /** Whose files these are. */
  title: string;
  /** A name that only files of this layout have. */
  marker: RegExp;
  /** The name there of a weight of ours. */
  nameOf: (own: string) => string;
  /** Whether tensors are stored as PyTorch does (OIHW), and not as TensorFlow (HWIO). */
  torch: boolean;
  /** What has to be known of the same names in files of networks that differ. */
  ambiguous?: string;
  /** What differs, though not by more than rounding, or outside of the network. */
  note?: string;
  /** Takes the wanted ones of several copies of the weights, and leaves out what is no weight. */
  select?: (given: ReadonlyMap<string, WeightTensor>) => ReadonlyMap<string, WeightTensor>;
}

export const layoutNames = ['timm-tf', 'timm', 'transformers', 'efficientnet-pytorch', 'tpu'] as const;

export type LayoutName = (typeof layoutNames)[number];

/** Files of networks whose definition is another than ours, though it goes by the same name. */
export interface Refusal {
  marker: RegExp;
  /** Completes "… holds ". */
  reason: string;
}

const torchParameters: Readonly<Record<string, string>> = {
  kernel: 'weight',
  depthwise_kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

/** A name `layer/parameter` of ours in two parts. */
export function partsOf(own: string): [layer: string, parameter: string] {
  const slash = own.lastIndexOf('/');
  return [own.slice(0, slash), own.slice(slash + 1)];
}

/** Names as PyTorch gives them: modules joined by points, `weight` for `kernel` and `gamma`, …. */
export function torchNames(moduleOf: (layer: string) => string): (own: string) => string {
  return (own) => {
    const [layer, parameter] = partsOf(own);
    return `${moduleOf(layer)}.${torchParameters[parameter] ?? parameter}`;
  };
}

/** The place of a network's block among those of its stages. */
export interface BlockPlace {
  /** From 0. */
  stage: number;
  /** In the stage, from 0. */
  place: number;
  /** In the network, from 0. */
  index: number;
  /** Of the layer in the block. */
  part: string;
}
