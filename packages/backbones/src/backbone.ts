import type { Tensor2D, Tensor4D } from '@resizer-lab/engine';
import type { DropRates, Scope } from '@resizer-lab/layers';
import type { BackboneName } from './names.ts';

/** A number for red, green and blue each. */
export type Channels = readonly [red: number, green: number, blue: number];

/** From bytes 0 … 255 to what the first layer expects: (x − offset) / scale, then the channels' order. */
export interface Preprocessing {
  /** The same for all channels, or one for each of red, green, blue. */
  offset: number | Channels;
  scale: number | Channels;
  /** Default `rgb`. */
  order?: 'rgb' | 'bgr';
}

/** Where published weights of a backbone come from. */
export interface WeightSource {
  /** What they were trained on. */
  name: string;
  url: string;
  format: 'keras-h5' | 'tensorflow-checkpoint-tar';
  /** As the publisher states it; absent where none is published. */
  checksum?: { algorithm: 'md5' | 'sha256'; hex: string };
  /** Outputs of the head: 1001 where class 0 is the background. */
  classes: number;
  /** Layers of the file that are no part of the network here, such as its preprocessing. */
  extraLayers?: readonly string[];
  licence: string;
  citation: string;
}

export interface BatchNormSpec {
  epsilon: number;
  /** Weight of the old moving statistics in each update. */
  momentum: number;
}

/**
 * A vision model in two parts: features that any head can stand on, and the classification head of the
 * public weights. Parameter names are those of the public weights.
 */
export interface Backbone {
  name: BackboneName;
  title: string;
  citation: string;
  /** Side of the images that the public weights were trained on. */
  inputSize: number;
  /** Shortest side of an image that leaves at least one pixel for the features. */
  smallestSize: number;
  preprocessing: Preprocessing;
  batchNorm: BatchNormSpec;
  /** Rates of the publication; `dropConnect` is missing where there are no residual branches. */
  dropRates: DropRates;
  /** Parameters with the 1000-way head: all, and those trained by gradient. */
  parameters: { total: number; trainable: number };
  /** Of one image of `inputSize` with the 1000-way head. */
  multiplyAdds: number;
  /**
   * images: [batch, h, w, 3], preprocessed → pooled features [batch, channels].
   * @throws UserError for images below `smallestSize`, or a scope that drops what the network does not have
   */
  features: (net: Scope, images: Tensor4D) => Tensor2D;
  /** features → logits [batch, classes]. */
  head: (net: Scope, features: Tensor2D, classes: number) => Tensor2D;
  /** Name of the head's layer in the weights, to be left out when the classes differ. */
  headName: string;
  weights: readonly WeightSource[];
}
