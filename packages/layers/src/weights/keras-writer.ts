import { UserError, writeAtomically } from '@resizer-lab/base';
import { type Hdf5Group, hdf5Pieces } from './hdf5-writer.ts';
import { layerKind, variableNames } from './keras-variables.ts';
import type { WeightTensor } from './tensor.ts';

/**
 * Writes a `.weights.h5` that `load_weights` of Keras 3 loads, atomically. Keras tells layers by their
 * class and their place in `model.layers`, so that `weights`, named `layer/variable`, must come in the
 * order of the Keras model, at least within each class.
 * @throws UserError if a layer is of no class that Keras has, or the file cannot be written.
 */
export async function writeKerasH5(path: string, weights: ReadonlyMap<string, WeightTensor>): Promise<void> {
  await writeAtomically(path, kerasH5Pieces(weights));
}

/** As `writeKerasH5`, into memory. */
export function encodeKerasH5(weights: ReadonlyMap<string, WeightTensor>): Uint8Array {
  return Buffer.concat(kerasH5Pieces(weights));
}

function kerasH5Pieces(weights: ReadonlyMap<string, WeightTensor>): Uint8Array[] {
  const used = new Map<string, number>();
  const groups = new Map<string, Hdf5Group>();
  for (const [layer, variables] of byLayer(weights)) {
    const kind = layerKind(variables);
    if (kind === undefined) {
      const names = [...variables.keys()].join(', ');
      throw new UserError(
        `Layer ${layer} has the weights ${names}, as no Keras layer known here; nothing was written.`,
      );
    }
    const index = used.get(kind) ?? 0;
    used.set(kind, index + 1);
    groups.set(index === 0 ? kind : `${kind}_${index}`, groupOf({ layer, kind, variables }));
  }
  return hdf5Pieces(group({ layers: { members: groups } }));
}

type Variables = Map<string, WeightTensor>;

/** Layers in the order of their first weight. */
function byLayer(weights: ReadonlyMap<string, WeightTensor>): Map<string, Variables> {
  const layers = new Map<string, Variables>();
  for (const [name, tensor] of weights) {
    const slash = name.lastIndexOf('/');
    const layer = name.slice(0, Math.max(slash, 0));
    const variables = layers.get(layer) ?? new Map<string, WeightTensor>();
    layers.set(layer, variables.set(name.slice(slash + 1), tensor));
  }
  return layers;
}

function groupOf({
  layer,
  kind,
  variables,
}: {
  layer: string;
  kind: string;
  variables: Variables;
}): Hdf5Group {
  const stored = variableNames(kind, variables.size).map(
    (name, i) => [String(i), variables.get(name)!] as const,
  );
  return group({ vars: { members: new Map(stored), attributes: { name: layer } } });
}

function group(members: Record<string, Hdf5Group>): Hdf5Group {
  return { members: new Map(Object.entries(members)) };
}
