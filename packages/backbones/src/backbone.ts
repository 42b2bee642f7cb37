import type { Tensor2D, Tensor4D } from '@resizer-lab/engine';
import type { Scope } from '@resizer-lab/layers';

/** Where published weights of a backbone come from. */
export interface WeightSource {
  name: string;
  /** A file in a local weights folder, or the address that the publisher gives. */
  file: string;
  sha256: string;
  licence: string;
  citation: string;
}

/**
 * A vision model in two parts: features that any head can stand on, and the classification head of the
 * public weights. Parameter names are those of the public weights.
 */
export interface Backbone {
  name: string;
  title: string;
  citation: string;
  /** Side of the images that the public weights were trained on. */
  inputSize: number;
  /** From bytes 0 … 255 to what the first layer expects: (x − offset) / scale. */
  preprocessing: { offset: number; scale: number };
  /** Parameters with the 1000-way head: all, and those trained by gradient. */
  parameters: { total: number; trainable: number };
  /** images: [batch, h, w, 3], preprocessed → pooled features [batch, channels]. */
  features: (net: Scope, images: Tensor4D) => Tensor2D;
  /** features → logits [batch, classes]. */
  head: (net: Scope, features: Tensor2D, classes: number) => Tensor2D;
  /** Name of the head's layer in the weights, to be left out when the classes differ. */
  headName: string;
  weights: readonly WeightSource[];
}
