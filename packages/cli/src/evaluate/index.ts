import { UserError } from '@resizer-lab/base';
import { type Backbone, type LayoutName } from '@resizer-lab/backbones';
import { createLoader, type PhotoInterpolation } from '@resizer-lab/datasets';
import { type Estimate, topKErrors, wilsonInterval } from '@resizer-lab/metrics';
import type { ResizerSpec } from '@resizer-lab/resizer';
import { evaluate, judgeClass } from '@resizer-lab/training';
import { weightsAtHand } from '../weights/at-hand.ts';
import { compileNetwork, type LoadedResizer, loadNetwork } from './model.ts';
import { labelledPhotos } from './photos.ts';

export interface EvaluateOptions {
  backbone: Backbone;
  /** A weights file; the first one at hand by default. */
  weights?: string | undefined;
  layout?: LayoutName | undefined;
  resizer?: LoadedResizer | undefined;
  /** A folder of class folders, or a CSV file. */
  data: string;
  /** Length of the photos' short side before the centre is cut out. */
  resize: number;
  /** Side of the square that is cut out. */
  crop: number;
  /** Side of what the resizer makes of it. */
  target: number;
  interpolation: PhotoInterpolation;
  batch: number;
  progress?: (photos: number, total: number) => void;
}

/** An accuracy with its 95 % Wilson interval. */
export interface Accuracy extends Estimate {
  correct: number;
}

export interface Evaluation {
  backbone: string;
  weights: string;
  resizer: ResizerSpec | null;
  data: string;
  manifest: string;
  photos: number;
  dropped: number;
  resize: number;
  crop: number;
  /** Side of the images that the backbone sees. */
  target: number;
  interpolation: PhotoInterpolation;
  top1: Accuracy;
  top5: Accuracy;
  notes: string[];
}

/** Scores a backbone on labelled photos. @throws UserError for data or weights that do not fit */
export async function evaluateBackbone(options: EvaluateOptions): Promise<Evaluation> {
  const { backbone, data, resize, crop, target, interpolation, batch, resizer } = options;
  const weights = options.weights ?? (await firstAtHand(backbone));
  const network = await loadNetwork({ ...options, weights });
  const { classes, notes } = network;
  const program = compileNetwork(network, { batch, input: crop });
  try {
    const dataset = await labelledPhotos(data, classes);
    const transform = { fit: 'center-crop', shortSide: resize, interpolation } as const;
    const size = [crop, crop] as const;
    const loader = createLoader(dataset, { split: 'test', batch, size, transform, seed: 0, shuffle: false });
    const { splits, hash, dropped } = dataset.manifest;
    const photos = splits.test.length;
    const predictions = await evaluate(program, loader, {
      judge: judgeClass,
      onBatch: (done) => options.progress?.(done, photos),
    }).finally(() => loader.close());
    const ranks = predictions.map(({ rank }) => rank);
    return {
      ...{ backbone: backbone.name, weights, resizer: resizer?.spec ?? null },
      ...{ data, manifest: hash, photos, dropped: dropped.length },
      ...{ resize, crop, target, interpolation },
      ...{ top1: accuracy(ranks, 1), top5: accuracy(ranks, 5), notes },
    };
  } finally {
    program.dispose();
  }
}

function accuracy(ranks: readonly number[], k: number): Accuracy {
  const { count: wrong, n } = topKErrors(ranks, k);
  const correct = n - wrong;
  return { correct, ...wilsonInterval({ count: correct, n }) };
}

/** The first file at hand with a head. @throws UserError that says how to get one */
export async function firstAtHand(backbone: Backbone): Promise<string> {
  const found = (await weightsAtHand())(backbone).find(({ classes }) => classes > 0);
  if (found) return found.file;
  throw new UserError(
    `No weights of ${backbone.title} are at hand: \`resizer weights fetch ${backbone.name}\` brings them, or give --weights FILE.`,
    { exitCode: 2 },
  );
}
