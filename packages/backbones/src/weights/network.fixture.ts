import { compile, float32, type Program, type Tensor4D } from '@resizer-lab/engine';
import { Scope, type WeightTensor } from '@resizer-lab/layers';
import type { Backbone } from '../backbone.ts';
import { parametersFor } from './import.ts';

/** A tensor of a file. */
type Tensor = WeightTensor;

/** Logits of a backbone with these weights for preprocessed images [batch, h, w, 3]. */
export function logitsOf(
  backbone: Backbone,
  { weights, classes }: { weights: ReadonlyMap<string, WeightTensor<Float32Array>>; classes: number },
  images: Tensor,
): Float32Array {
  const shapes = [...parametersFor(backbone, classes)].map(([name, { shape }]) => [name, shape] as const);
  const program: Program = compile(new Map(shapes), {
    classify: {
      inputs: { images: float32(...images.shape) },
      body({ images: given }, variables) {
        const net = new Scope({ variables, training: false });
        return { logits: backbone.head(net, backbone.features(net, given as Tensor4D), classes) };
      },
    },
  });
  try {
    program.assign(new Map([...weights].map(([name, { data }]) => [name, data])));
    return program.run('classify', { images: images.data as Float32Array })['logits'] as Float32Array;
  } finally {
    program.dispose();
  }
}

/** The largest difference, over the standard deviation of the second. */
export function largestError(ours: ArrayLike<number>, golden: ArrayLike<number>): number {
  const n = golden.length;
  let [mean, square, largest] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    mean += golden[i]! / n;
    square += golden[i]! ** 2 / n;
    largest = Math.max(largest, Math.abs(ours[i]! - golden[i]!));
  }
  return largest / Math.sqrt(square - mean ** 2);
}
