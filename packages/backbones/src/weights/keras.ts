import type { WeightTensor } from '@resizer-lab/layers';
import type { Backbone, Channels } from '../backbone.ts';

type Weights = ReadonlyMap<string, WeightTensor>;

/**
 * The weights as `writeKerasH5` wants them for the model of `keras.applications` (with `weights=None`):
 * in the order of Keras' layers, with the layers that Keras has beyond ours.
 */
export function kerasWeights(backbone: Backbone, weights: Weights): Map<string, WeightTensor> {
  if (backbone.name === 'resnet50') return shortcutsLast(weights);
  return new Map([...weights, ...(hasNormalisation(backbone) ? normalisation(backbone) : [])]);
}

/** Keras has the shortcut of a block beside its third convolution, we in front of the first. */
function shortcutsLast(weights: Weights): Map<string, WeightTensor> {
  const layers = new Map<string, [string, WeightTensor][]>();
  for (const [name, tensor] of weights) {
    const layer = name.slice(0, name.lastIndexOf('/'));
    layers.set(layer, [...(layers.get(layer) ?? []), [name, tensor]]);
  }
  const ordered = [...layers].flatMap(([layer, variables]) => {
    if (/_0_(conv|bn)$/.test(layer)) return [];
    const shortcut = /_3_(conv|bn)$/.test(layer) ? layers.get(layer.replace('_3_', '_0_')) : undefined;
    return [...(shortcut ?? []), ...variables];
  });
  return new Map(ordered);
}

const LAYER = 'normalization';

/** Whether Keras' model begins with a layer that normalises channels. */
function hasNormalisation({ weights }: Backbone): boolean {
  return weights.some(({ extraLayers }) => extraLayers?.includes(LAYER));
}

/** Mean and deviation of the preprocessing, for values 0 … 1 as that layer sees them. */
function channelsOf({ preprocessing }: Backbone): { mean: number[]; deviation: number[] } {
  const each = (value: number | Channels) =>
    [0, 1, 2].map((channel) => (typeof value === 'number' ? value : value[channel]!) / 255);
  return { mean: each(preprocessing.offset), deviation: each(preprocessing.scale) };
}

function normalisation(backbone: Backbone): [string, WeightTensor][] {
  const { mean, deviation } = channelsOf(backbone);
  const vector = (values: readonly number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
  return [
    [`${LAYER}/mean`, vector(mean)],
    [`${LAYER}/variance`, vector(deviation.map((value) => value ** 2))],
    [`${LAYER}/count`, { shape: [], data: Int32Array.of(0) }],
  ];
}

/**
 * What to tell the user when the file's own normalisation is not the backbone's preprocessing. Keras'
 * release holds the deviation where the layer wants its square, and makes up for it in another layer.
 */
export function normalisationNote(backbone: Backbone, given: Weights): string | undefined {
  const [mean, variance] = ['mean', 'variance'].map((name) => given.get(`${LAYER}/${name}`)?.data);
  if (!mean || !variance || !hasNormalisation(backbone)) return undefined;
  const own = channelsOf(backbone);
  const near = (values: ArrayLike<unknown>, wanted: readonly number[]) =>
    wanted.every((value, i) => Math.abs(Number(values[i]) - value) < 1e-3);
  const squares = own.deviation.map((value) => value ** 2);
  if (near(mean, own.mean) && (near(variance, own.deviation) || near(variance, squares))) return undefined;
  return (
    `the model of this file normalises by mean [${[...mean].join(', ')}] and variance [${[...variance].join(', ')}], ` +
    'not as the preprocessing here, which is used with these weights from now on'
  );
}
