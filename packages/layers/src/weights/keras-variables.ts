import type { WantedWeight } from './match.ts';
import type { WeightTensor } from './tensor.ts';

/**
 * The variables of Keras' layers in the order in which Keras 3 stores them, by the layer's class as
 * it stands in a file. A bias, the last one, may be absent.
 */
const variablesOf: Readonly<Record<string, readonly string[]>> = {
  conv2d: ['kernel', 'bias'],
  depthwise_conv2d: ['depthwise_kernel', 'bias'],
  separable_conv2d: ['depthwise_kernel', 'pointwise_kernel', 'bias'],
  dense: ['kernel', 'bias'],
  batch_normalization: ['gamma', 'beta', 'moving_mean', 'moving_variance'],
  normalization: ['mean', 'variance', 'count'],
};

/** The names of a layer's `size` variables; their indices if the class is not one of ours. */
export function variableNames(kind: string, size: number): readonly string[] {
  const names = variablesOf[kind] ?? [];
  // A batch normalisation without gamma or beta does not say which of the two it lacks.
  const complete = size === names.length || (names.at(-1) === 'bias' && size === names.length - 1);
  return complete ? names.slice(0, size) : [];
}

/** The class of a layer from its variables: their names, and the rank of its kernel. Inverse of the above. */
export function layerKind(variables: ReadonlyMap<string, WeightTensor>): string | undefined {
  const named = (kind: string) => variableNames(kind, variables.size);
  return Object.keys(variablesOf).find((kind) => {
    const rank = variables.get('kernel')?.shape.length;
    if ((kind === 'conv2d' && rank !== 4) || (kind === 'dense' && rank !== 2)) return false;
    return named(kind).length > 0 && [...variables.keys()].every((name) => named(kind).includes(name));
  });
}

/**
 * Keras 3 calls the kernel of a depthwise convolution `kernel`, Keras 2 and we `depthwise_kernel`:
 * gives such weights the name that is wanted.
 */
export function kerasNames(
  given: ReadonlyMap<string, WeightTensor>,
  wanted: readonly WantedWeight[],
): Map<string, WeightTensor> {
  const names = new Set(wanted.map(({ name }) => name));
  return new Map(
    [...given].map(([name, tensor]) => {
      const depthwise = name.replace(/(^|\/)kernel$/, '$1depthwise_kernel');
      return [!names.has(name) && names.has(depthwise) ? depthwise : name, tensor];
    }),
  );
}
