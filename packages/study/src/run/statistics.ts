import type { Loader } from '@resizer-lab/datasets';
import {
  type FunctionSpec,
  type Program,
  type Tensor,
  type Tensor4D,
  toFloat,
  uint8,
  type Variables,
} from '@resizer-lab/engine';
import { Scope } from '@resizer-lab/layers';
import type { BatchShape, Network } from '@resizer-lab/training';

/*
 * Batch norm trains with the statistics of a batch and predicts with moving ones. Where the two differ,
 * an error says as much of the statistics as of the network; so it is measured with others, too.
 */

/** Names of the two functions in a program. */
export const PREDICT_BY_BATCH = 'predictByBatch';
const STATISTICS = 'statistics';

/** Functions of a program: predictions with the batch's own statistics, and those statistics. */
export function statisticsSteps(network: Network, { batch, size }: BatchShape): Record<string, FunctionSpec> {
  const inputs = { images: uint8(batch, ...size, 3) };
  return {
    [PREDICT_BY_BATCH]: {
      inputs,
      body({ images }, variables) {
        const net = new Scope({ variables: watched(variables, () => undefined), training: true });
        return { logits: network(net, toFloat(images as Tensor4D)) };
      },
    },
    [STATISTICS]: {
      inputs,
      body({ images }, variables) {
        const found: Record<string, Tensor> = {};
        const keep = (name: string, value: Tensor) => {
          found[name] = value;
        };
        // Without any weight on the old ones, the new moving statistics are the batch's.
        const options = { training: true, batchNormMomentum: 0 };
        network(new Scope({ variables: watched(variables, keep), ...options }), toFloat(images as Tensor4D));
        return found;
      },
    },
  };
}

/** The variables, but what is assigned to them is only seen. */
function watched(variables: Variables, see: (name: string, value: Tensor) => void): Variables {
  return {
    read: (name) => variables.read(name),
    assign: see,
    applyMomentum() {
      throw new Error('nothing is trained here');
    },
  };
}

/**
 * Estimates the moving statistics again: their mean over some batches, all with the same weights.
 * @param batches how many; after the last of an epoch comes the next epoch
 */
export async function reestimate(program: Program, loader: Loader, batches: number): Promise<void> {
  const sums = new Map<string, Float64Array>();
  let seen = 0;
  for (let epoch = 0; seen < batches; epoch++) {
    for await (const { images } of loader.epoch(epoch)) {
      for (const [name, values] of Object.entries(program.run(STATISTICS, { images }))) {
        const sum = sums.get(name) ?? new Float64Array(values.length);
        values.forEach((value: number, i: number) => (sum[i]! += value));
        sums.set(name, sum);
      }
      if (++seen === batches) break;
    }
  }
  program.assign(new Map([...sums].map(([name, sum]) => [name, Float32Array.from(sum, (x) => x / seen)])));
}

/** Batches whose places without a photo hold the batch's own photos again, so that they add no statistics of theirs. */
export function filled(loader: Loader): Loader {
  return {
    ...loader,
    async *epoch(epoch, options) {
      for await (const batch of loader.epoch(epoch, options)) {
        const images = batch.images.slice();
        const length = images.length / batch.mask.length;
        const photos = batch.mask.filter((real) => real === 1).length;
        for (let place = photos; place < batch.mask.length; place++) {
          const from = (place % photos) * length;
          images.copyWithin(place * length, from, from + length);
        }
        yield { ...batch, images };
      }
    },
  };
}
