import { UserError } from '@resizer-lab/base';
import {
  type Backbone,
  exportWeights,
  type ImportedWeights,
  importWeights,
  kerasWeights,
  type LayoutName,
} from '@resizer-lab/backbones';
import { readWeights, writeKerasH5, writeSafetensors } from '@resizer-lab/layers';

export interface ConvertOptions {
  backbone: Backbone;
  /** Whose names the input has; told by the names where they tell. */
  layout?: LayoutName | undefined;
  /** Whose names the output gets; our own by default. */
  as?: LayoutName | undefined;
  /** Beginnings of names that are left out. */
  ignore?: readonly string[];
}

/**
 * Converts weights of any format that is read here to safetensors or to Keras' `.weights.h5`.
 * @returns what was read
 * @throws UserError if the output is neither, or the weights do not fit the backbone: then nothing is written
 */
export async function convertWeights(
  input: string,
  output: string,
  { backbone, layout, as, ignore = [] }: ConvertOptions,
): Promise<ImportedWeights> {
  const keras = output.endsWith('.weights.h5');
  if (!keras && !output.endsWith('.safetensors')) {
    throw new UserError(`${output}: the output must end in .safetensors or .weights.h5.`, { exitCode: 2 });
  }
  if (keras && as)
    throw new UserError(`--as ${as} is for .safetensors; ${output} has Keras' names.`, { exitCode: 2 });
  const imported = importWeights(backbone, await readWeights(input), {
    source: input,
    ignore,
    ...(layout ? { layout } : {}),
  });
  const { weights } = imported;
  if (keras) await writeKerasH5(output, kerasWeights(backbone, weights));
  else if (as) await writeSafetensors(output, exportWeights(backbone, weights, as), { format: 'pt' });
  else await writeSafetensors(output, weights, { format: 'resizer-lab', backbone: backbone.name });
  return imported;
}
