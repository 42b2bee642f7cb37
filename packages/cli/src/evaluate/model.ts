import { UserError } from '@resizer-lab/base';
import { type Backbone, importWeights, type LayoutName, preprocess, spanOf } from '@resizer-lab/backbones';
import { compile, float32, type Interpolation, type Program, type Tensor4D, tf } from '@resizer-lab/engine';
import { interpolations } from '@resizer-lab/engine/interpolation';
import { matchWeights, parametersOf, readWeights, type Scope, type Weights } from '@resizer-lab/layers';
import { applyResizer, RESIZER_SCOPE, type ResizerSpec } from '@resizer-lab/resizer';
import { type Network, predictStep } from '@resizer-lab/training';

type FloatWeights = ReturnType<typeof matchWeights>;

/** A resizer, and its values if it has any. */
export interface LoadedResizer {
  spec: ResizerSpec;
  weights: FloatWeights;
}

/**
 * A fixed resizer of a name, or the learned one of a file, whose size its weights tell.
 * @param base what the learned resizer interpolates with, which its weights do not tell
 * @throws UserError for a name that is neither, or a file without a learned resizer
 */
export async function loadResizer(resizer: string, base: Interpolation): Promise<LoadedResizer> {
  const method = interpolations.find((name) => name === resizer);
  if (method) return { spec: { kind: 'fixed', method }, weights: new Map() };
  const given = withPrefix(await readWeights(resizer), `${RESIZER_SCOPE}/`);
  const spec = specOf(given, base);
  if (!spec) {
    throw new UserError(
      `${resizer} holds no learned resizer; name a file that does, or one of ${interpolations.join(', ')}.`,
      { exitCode: 2 },
    );
  }
  const target = [8, 8] as const;
  const network = (net: Scope, images: Tensor4D) => applyResizer(net, images, { resizer: spec, target });
  const wanted = [...parametersOf(network, [float32(1, 16, 16, 3)]).values()];
  return { spec, weights: matchWeights(wanted, given, { source: resizer }) };
}

/** What the names and shapes of a resizer's weights say of it. */
function specOf(weights: Weights, base: Interpolation): ResizerSpec | undefined {
  const count = (pattern: RegExp) =>
    new Set([...weights.keys()].flatMap((name) => pattern.exec(name)?.[1] ?? [])).size;
  const layers = count(/\/weight_(\d+)$/);
  if (layers > 0) return { kind: 'muller', layers, base };
  const filters = weights.get(`${RESIZER_SCOPE}/conv_in_7x7/kernel`)?.shape.at(-1);
  return filters ? { kind: 'learned', filters, blocks: count(/\/(res\d+)\//), base } : undefined;
}

function withPrefix(weights: Weights, prefix: string): Weights {
  return new Map([...weights].filter(([name]) => name.startsWith(prefix)));
}

export interface NetworkOptions {
  backbone: Backbone;
  /** A file in any format. */
  weights: string;
  layout?: LayoutName | undefined;
  resizer?: LoadedResizer | undefined;
  /** Side of the images that the resizer makes. */
  target: number;
}

/** A backbone behind a resizer, and its weights. */
export interface LoadedNetwork {
  /** [batch, h, w, 3] with values 0 … 255 → logits [batch, classes]. */
  network: Network;
  weights: FloatWeights;
  classes: number;
  notes: string[];
}

/** Heads of TF-Slim and TensorFlow Hub with a class of its own for what is none of ImageNet's 1000. */
const WITH_BACKGROUND = 1001;

/**
 * A backbone with its weights, behind a resizer if one is given. Of 1001 outputs the first, the
 * background, is left out, so that classes are ImageNet's.
 * @throws UserError for weights that do not fit, or that have no head
 */
export async function loadNetwork(options: NetworkOptions): Promise<LoadedNetwork> {
  const { backbone, weights: source, layout, resizer, target } = options;
  const ignore = [`${RESIZER_SCOPE}/`];
  const given = await readWeights(source);
  const imported = importWeights(backbone, given, { source, ignore, ...(layout ? { layout } : {}) });
  const { classes: outputs, notes } = imported;
  if (outputs === 0) {
    throw new UserError(
      `${source} has no head, so that there is nothing to say of a photo; name weights with one.`,
    );
  }
  const background = outputs === WITH_BACKGROUND;
  const network: Network = (net, images) => {
    const prepared = preprocess(images, backbone.preprocessing);
    const size = [target, target] as const;
    const span = spanOf(backbone.preprocessing);
    const seen = resizer
      ? applyResizer(net, prepared, { resizer: resizer.spec, target: size, span })
      : prepared;
    const logits = backbone.head(net, backbone.features(net, seen), outputs);
    return background ? tf.slice(logits, [0, 1], [-1, -1]) : logits;
  };
  const weights = new Map([...imported.weights, ...(resizer?.weights ?? [])]);
  return { network, weights, classes: outputs - (background ? 1 : 0), notes };
}

/**
 * Compiles a network: its function `predict` takes `images`, uint8 [batch, input, input, 3], and gives
 * `logits` [batch, classes].
 */
export function compileNetwork(
  { network, weights }: LoadedNetwork,
  { batch, input }: { batch: number; input: number },
): Program {
  const shapes = [...weights].map(([name, { shape }]) => [name, shape] as const);
  const program = compile(new Map(shapes), {
    predict: predictStep(network, { batch, size: [input, input] }),
  });
  program.assign(new Map([...weights].map(([name, { data }]) => [name, data])));
  return program;
}
