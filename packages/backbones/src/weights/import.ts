import { UserError } from '@resizer-lab/base';
import { float32, type Tensor4D } from '@resizer-lab/engine';
import {
  kerasNames,
  matchWeights,
  type Parameters,
  parametersOf,
  type Scope,
  type WeightTensor,
} from '@resizer-lab/layers';
import type { Backbone } from '../backbone.ts';
import { normalisationNote } from './keras.ts';
import type { Layout, LayoutName } from './layout.ts';
import { knownLayouts, layoutNamed } from './layouts.ts';
import { fromTorch, torchShape } from './transpose.ts';

export interface ImportOptions {
  /** The file, for messages. */
  source: string;
  /** Whose names the weights have. Default: told by the names. */
  layout?: LayoutName;
  /** Weights whose name begins with one of these may be there and are left out. */
  ignore?: readonly string[];
}

/** Weights of a file under the names of a backbone. */
export interface ImportedWeights {
  /** All parameters of the features, and those of the head if there is one, in the network's order. */
  weights: Map<string, WeightTensor<Float32Array>>;
  /** Outputs of the head; 0: the file has the features alone. */
  classes: number;
  /** Whose names the file has, when they are not the backbone's own. */
  layout?: Layout;
  /** What the user should know. */
  notes: string[];
}

/**
 * The weights of a file for a backbone, all or nothing: under its own names (those of Keras
 * Applications or TF-Slim), or those of a project whose definition of the network is the same.
 * @throws UserError for weights that do not fit, that belong to a network that differs, or whose
 *   names do not tell one from the other
 */
export function importWeights(
  backbone: Backbone,
  given: ReadonlyMap<string, WeightTensor>,
  { source, layout: asked, ignore = [] }: ImportOptions,
): ImportedWeights {
  const layout = layoutFor(backbone, given, { source, asked });
  const nameOf = layout?.nameOf ?? ((own: string) => own);
  const selected = layout?.select?.(given) ?? given;
  const classes = classesIn(backbone, selected, nameOf);
  const parameters = parametersFor(backbone, classes);
  const wanted = [...parameters.values()].map(({ name, shape }) => ({
    own: name,
    name: nameOf(name),
    shape: layout?.torch ? torchShape(name, shape) : shape,
  }));
  const extra = backbone.weights.flatMap(({ extraLayers = [] }) => extraLayers.map((name) => `${name}/`));
  const matched = matchWeights(wanted, layout ? selected : kerasNames(selected, wanted), {
    source,
    ignore: [...ignore, ...extra],
  });
  const weights = wanted.map(({ own, name }) => {
    const tensor = matched.get(name)!;
    return [own, layout?.torch ? fromTorch(own, tensor) : tensor] as const;
  });
  const notes = [layout?.note, normalisationNote(backbone, given)].filter((note) => note !== undefined);
  return { weights: new Map(weights), classes, notes, ...(layout ? { layout } : {}) };
}

/** The parameters of a backbone with a head of so many classes; 0: without one. */
export function parametersFor(backbone: Backbone, classes: number): Parameters {
  const network = (net: Scope, images: Tensor4D) => {
    const pooled = backbone.features(net, images);
    return classes === 0 ? pooled : backbone.head(net, pooled, classes);
  };
  return parametersOf(network, [float32(1, backbone.inputSize, backbone.inputSize, 3)]);
}

function layoutFor(
  { name, title }: Backbone,
  given: ReadonlyMap<string, WeightTensor>,
  { source, asked }: { source: string; asked: LayoutName | undefined },
): Layout | undefined {
  const { layouts, refusals } = knownLayouts(name);
  const names = [...given.keys()];
  const has = ({ marker }: { marker: RegExp }) => names.some((weight) => marker.test(weight));
  const refusal = refusals.find(has);
  if (refusal) {
    throw new UserError(`${source} holds ${refusal.reason}: it would give wrong results as ${title}.`);
  }
  if (asked !== undefined) return layoutNamed({ name, title }, asked);
  const found = layouts.find(has);
  if (found?.ambiguous) {
    throw new UserError(`${source}: ${found.ambiguous}; if it is the former, say --layout ${found.name}.`, {
      exitCode: 2,
    });
  }
  return found;
}

/** How many outputs the head of a file has, which its bias tells in every layout; 0 without a head. */
function classesIn(
  backbone: Backbone,
  given: ReadonlyMap<string, WeightTensor>,
  nameOf: (own: string) => string,
): number {
  const bias = headBias(backbone);
  return given.get(nameOf(bias))?.shape[0] ?? 0;
}

const headBiases = new Map<Backbone, string>();

function headBias(backbone: Backbone): string {
  const known = headBiases.get(backbone);
  if (known !== undefined) return known;
  const ofHead = [...parametersFor(backbone, 2).values()].filter(({ name }) =>
    name.startsWith(`${backbone.headName}/`),
  );
  const bias = ofHead.find(({ shape }) => shape.length === 1)!.name;
  headBiases.set(backbone, bias);
  return bias;
}
