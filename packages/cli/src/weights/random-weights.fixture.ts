import { type Backbone, parametersFor } from '@resizer-lab/backbones';
import { initialValues, type WeightTensor } from '@resizer-lab/layers';

/** Weights of an untrained backbone with a head of so many classes. */
export function randomWeights(backbone: Backbone, classes: number): Map<string, WeightTensor<Float32Array>> {
  const parameters = parametersFor(backbone, classes);
  const values = new Map(initialValues(parameters, 1));
  return new Map(
    [...parameters.values()].map(({ name, shape }) => [name, { shape, data: values.get(name)! }]),
  );
}
