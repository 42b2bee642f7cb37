import { UserError } from '@resizer-lab/base';
import { type Hdf5Node, openHdf5 } from './hdf5-reader.ts';
import { variableNames } from './keras-variables.ts';
import { readSmallFile } from './source.ts';
import { shown, type Weights } from './tensor.ts';

/** Above the largest weights of Keras Applications (2 GB), below what one buffer may hold. */
const maxFile = 2 ** 32 - 1;

/**
 * Reads the weights that Keras wrote to HDF5, under the names of its layers (`conv1_conv/kernel`):
 * the releases of Keras Applications and other files of Keras 2 (`save_weights('x.h5')`), whole models
 * (`model.save('x.h5')`), and Keras 3 (`save_weights('x.weights.h5')`).
 *
 * Keras 3 names the kernel of a depthwise convolution `kernel` in the first two, see `kerasNames`.
 * @throws UserError that names the file and what is wrong with it.
 */
export async function readKerasH5(path: string): Promise<Weights> {
  return decodeKerasH5(await readSmallFile(path, maxFile), path);
}

/** As `readKerasH5`, from memory. `name` stands for the file in messages. */
export function decodeKerasH5(bytes: Uint8Array, name: string): Weights {
  const root = openHdf5(bytes, name);
  const weights: Weights = new Map();
  const add = (weight: string, node: Hdf5Node) => {
    if (weights.has(weight)) throw new UserError(`${name} has two weights named ${shown(weight)}.`);
    weights.set(weight, node.tensor());
  };
  const byLayer = [root, root.children().get('model_weights')].find(
    (group) => group && textList(group, 'layer_names'),
  );
  if (byLayer) addLayers(byLayer, { name, add });
  else addVariables(root, { name, add });
  if (weights.size === 0) throw new UserError(`${name} holds no Keras weights.`);
  return weights;
}

interface Target {
  /** Of the file. */
  readonly name: string;
  readonly add: (weight: string, node: Hdf5Node) => void;
}

/** Keras 2: `layer_names` of the file, and for each layer's group its `weight_names`. */
function addLayers(group: Hdf5Node, { name, add }: Target): void {
  for (const layer of textList(group, 'layer_names') ?? []) {
    const layerGroup = descend(group, layer);
    const names = layerGroup && textList(layerGroup, 'weight_names');
    if (!layerGroup || !names)
      throw new UserError(`${name} is damaged: its layer ${shown(layer)} is not there.`);
    for (const weight of names) {
      const node = descend(layerGroup, weight);
      if (!node) throw new UserError(`${name} is damaged: its weight ${shown(weight)} is not there.`);
      add(weightName(layer, weight), node);
    }
  }
}

/** `kernel`, `conv/kernel:0` and `sequential/conv/kernel` of the layer `conv` are all `conv/kernel`. */
function weightName(layer: string, weight: string): string {
  const plain = weight.replace(/:0$/, '');
  if (!plain.includes('/')) return `${layer}/${plain}`;
  const within = `/${plain}`.lastIndexOf(`/${layer}/`);
  return within < 0 ? plain : plain.slice(within);
}

/** Attributes above 64 KiB are cut into `name0`, `name1`, …. */
function textList(group: Hdf5Node, name: string): string[] | undefined {
  const whole = group.strings(name);
  if (whole) return whole;
  const pieces: string[] = [];
  for (let i = 0; ; i++) {
    const piece = group.strings(`${name}${i}`);
    if (!piece) return i > 0 ? pieces : undefined;
    pieces.push(...piece);
  }
}

function descend(group: Hdf5Node, path: string): Hdf5Node | undefined {
  let node: Hdf5Node | undefined = group;
  for (const part of path.split('/')) node = node?.children().get(part);
  return node;
}

/** Keras 3: every group `vars` holds the variables `0`, `1`, … of the layer that its attribute names. */
function addVariables(root: Hdf5Node, { name, add }: Target): void {
  const visit = (group: Hdf5Node, path: readonly string[]) => {
    if (path.length > maxDepth) throw new UserError(`${name} is damaged: its groups lie too deep.`);
    for (const [child, node] of group.children()) {
      if (child === 'vars') addLayer(node, { name, add, kind: path.at(-1) ?? '' });
      else if (!isState(child)) visit(node, [...path, child]);
    }
  };
  visit(root, []);
}

/** Nested models go some levels deep, circles go on for ever. */
const maxDepth = 50;

/** What a model keeps beside its weights. */
const isState = (group: string) => group === 'optimizer' || group.startsWith('seed_generator');

function addLayer(vars: Hdf5Node, { name, add, kind }: Target & { kind: string }): void {
  const variables = vars.children();
  if (variables.size === 0) return;
  const layer = vars.strings('name')?.[0];
  if (layer === undefined) {
    throw new UserError(
      `${name} does not say which layer ${shown(kind)} is, as files of the first versions of Keras 3; ` +
        'load it in a current Keras and save it again.',
    );
  }
  const names = variableNames(kind.replace(/_\d+$/, ''), variables.size);
  for (const [index, node] of variables) add(`${layer}/${names[Number(index)] ?? index}`, node);
}
