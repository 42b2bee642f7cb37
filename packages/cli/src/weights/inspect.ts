import { UserError } from '@resizer-lab/base';
import {
  type Backbone,
  backbones,
  importWeights,
  type LayoutName,
  parametersFor,
} from '@resizer-lab/backbones';
import { layoutNames } from '@resizer-lab/backbones/names';
import {
  readWeights,
  type Weights,
  type WeightsFormat,
  weightsFormat,
  type WeightTensor,
} from '@resizer-lab/layers';

/** What a weights file holds. */
export interface Inspection {
  file: string;
  format: WeightsFormat;
  tensors: { name: string; dtype: string; shape: readonly number[] }[];
  /** Numbers in all tensors. */
  numbers: number;
  /** The backbones that the file fits. */
  fits: Fit[];
}

export interface Fit {
  backbone: string;
  /** Outputs of the head; 0: the features alone. */
  classes: number;
  /** Whose names it has; absent: our own. */
  layout?: LayoutName;
  /** Weights beside those of the backbone, which `--ignore` would have to name. */
  others?: string[];
}

/** @throws UserError as the reader of the file's format */
export async function inspectWeights(file: string): Promise<Inspection> {
  const format = await weightsFormat(file);
  const given = await readWeights(file);
  const tensors = [...given].map(([name, tensor]) => ({ name, dtype: dtypeOf(tensor), shape: tensor.shape }));
  const numbers = [...given.values()].reduce((sum, { data }) => sum + data.length, 0);
  return {
    file,
    format,
    tensors,
    numbers,
    fits: backbones.flatMap((backbone) => fitsOf(backbone, given, file)),
  };
}

/** 16- and 64-bit floats are float32 once they are read. */
function dtypeOf({ data }: WeightTensor): string {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int32Array) return 'int32';
  return data instanceof BigInt64Array ? 'int64' : 'uint8';
}

/** Names that two projects share are tried as either. */
function fitsOf(backbone: Backbone, given: Weights, source: string): Fit[] {
  const own = fitAs(backbone, given, { source });
  if (own) return [own];
  const elsewhere = layoutNames.flatMap((layout) => fitAs(backbone, given, { source, layout }) ?? []);
  return elsewhere.length > 0 ? elsewhere : fitAmong(backbone, given, source);
}

/** The features of a backbone among other weights, such as the head of another task. */
function fitAmong(backbone: Backbone, given: Weights, source: string): Fit[] {
  const names = parametersFor(backbone, 0);
  const features = new Map([...given].filter(([name]) => names.has(name)));
  const others = [...given.keys()].filter((name) => !names.has(name));
  const fit = features.size > 0 ? fitAs(backbone, features, { source }) : undefined;
  return fit ? [{ ...fit, others }] : [];
}

function fitAs(
  backbone: Backbone,
  given: Weights,
  options: { source: string; layout?: LayoutName },
): Fit | undefined {
  try {
    const { classes, layout } = importWeights(backbone, given, { ...options, ignore: [RESIZER] });
    return { backbone: backbone.name, classes, ...(layout ? { layout: layout.name } : {}) };
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** A cell of a study keeps its resizer beside the backbone. */
const RESIZER = 'resizer/';
