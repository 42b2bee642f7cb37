import { UserError } from '@resizer-lab/base';
import type { Batch, Loader } from '@resizer-lab/datasets';
import type { Program } from '@resizer-lab/engine';

/** One photo of a batch. */
export interface Example {
  batch: Batch;
  /** Its place in the batch. */
  place: number;
}

/** What the logits [outputs] of one photo say of it. */
export type Judge<Judgement extends object> = (logits: Float32Array, example: Example) => Judgement;

export interface EvaluateOptions<Judgement extends object> {
  judge: Judge<Judgement>;
  /** The program's function that takes `images` and gives `logits`. Default: `predict`. */
  name?: string;
  /** Called with the number of photos that are done. */
  onBatch?: (photos: number) => void;
}

/**
 * Runs a program's prediction over a split; each photo counts once, in the split's order.
 * @returns for each photo its place in the split, and the judgement
 * @throws UserError where a logit is not finite: the network diverged
 */
export async function evaluate<Judgement extends object>(
  program: Program,
  loader: Loader,
  { judge, name = 'predict', onBatch = () => undefined }: EvaluateOptions<Judgement>,
): Promise<({ index: number } & Judgement)[]> {
  const judged: ({ index: number } & Judgement)[] = [];
  for await (const batch of loader.epoch(0)) {
    const { images, mask, indices } = batch;
    const logits = program.run(name, { images })['logits'] as Float32Array;
    const outputs = logits.length / mask.length;
    const broken = logits.findIndex((logit) => !Number.isFinite(logit));
    if (broken >= 0) {
      const photo = indices[Math.floor(broken / outputs)];
      throw new UserError(
        `Evaluation failed: a logit of test photo ${photo} is ${logits[broken]}. Training diverged; a lower learning rate may help.`,
      );
    }
    mask.forEach((real, place) => {
      if (real === 0) return;
      const own = logits.subarray(place * outputs, (place + 1) * outputs);
      judged.push({ index: indices[place]!, ...judge(own, { batch, place }) });
    });
    onBatch(judged.length);
  }
  return judged.sort((a, b) => a.index - b.index);
}
