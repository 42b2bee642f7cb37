import { gigabytes, table } from './format.ts';

/** What a process holds after so many steps. */
export interface Held {
  step: number;
  /** Resident set, in bytes. */
  memory: number;
  /** Tensors that TensorFlow.js knows of. */
  tensors: number;
}

/** From this step on memory may not grow; until then the allocator's pools fill, checkpoints come for the first time. */
const SETTLED = 250;
/** What memory may grow by and still count as flat: the larger of a share and a number of bytes. */
const SLACK = { share: 0.02, bytes: 20e6 };

/** What grows, in words; nothing, if all stays flat. */
export function growthOf(samples: readonly Held[]): string[] {
  const first = samples[0]!;
  const settled = samples.find(({ step }) => step >= SETTLED)!;
  const allowed = Math.max(SLACK.share * settled.memory, SLACK.bytes);
  return samples.flatMap(({ step, tensors, memory }) => {
    const grown = step > settled.step && memory - settled.memory > allowed;
    return [
      ...(tensors === first.tensors
        ? []
        : [`step ${step} holds ${tensors} tensors, step ${first.step} ${first.tensors}`]),
      ...(grown
        ? [`step ${step} holds ${gigabytes(memory)}, step ${settled.step} ${gigabytes(settled.memory)}`]
        : []),
    ];
  });
}

export function heldTable(samples: readonly Held[]): string[] {
  return table(
    ['step', 'resident memory', 'tensors'],
    samples.map(({ step, memory, tensors }) => [
      String(step),
      `${(memory / 1e6).toFixed(1)} MB`,
      String(tensors),
    ]),
  );
}
