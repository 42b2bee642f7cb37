import type { Work } from './work.ts';

/** Pieces of work that differ in one thing. */
export interface Curve {
  name: string;
  title: string;
  /** What the cost is counted for; a batch's own curve counts the step, as an image costs the same work in each. */
  per: 'image' | 'step';
  points: readonly Setting[];
}

export interface Setting {
  name: string;
  work: Omit<Work, 'task'>;
}

/** How far the curves go. Sides in pixels. */
interface Extent {
  /** Of the photos that the resizer takes, and what it gives. */
  inputs: readonly number[];
  target: number;
  filters: readonly number[];
  blocks: readonly number[];
  sizes: readonly number[];
  batches: readonly number[];
}

const full: Extent = {
  inputs: [224, 256, 320, 368, 448],
  target: 224,
  filters: [16, 32],
  blocks: [1, 2, 3, 4],
  sizes: [64, 96, 128, 192, 224, 320, 448],
  batches: [1, 2, 4, 8, 16, 32],
};

const tiny: Extent = {
  inputs: [48, 96],
  target: 32,
  filters: [8],
  blocks: [1, 2],
  sizes: [32, 64],
  batches: [1, 2],
};

const model = 'mobilenetv2_1.0';

/** The curves of `npm run bench:scaling`; `quick` ones have a few tiny points. */
export function curvesOf({ quick }: { quick: boolean }): Curve[] {
  const { inputs, target: size, filters, blocks, sizes, batches } = quick ? tiny : full;
  const largest = inputs.at(-1)!;
  const batch = quick ? 2 : 8;
  const pixels = (side: number) => `${side} px`;
  return [
    {
      name: 'resizer-input',
      title: `Input of the resizer → ${size} px, MobileNet-v2, batch ${batch}`,
      per: 'image',
      points: inputs.map((resizer) => ({ name: pixels(resizer), work: { model, size, batch, resizer } })),
    },
    {
      name: 'resizer-shape',
      title: `Filters n and blocks r of the resizer, ${largest} → ${size} px, MobileNet-v2, batch ${batch}`,
      per: 'image',
      points: filters.flatMap((n) =>
        blocks.map((r) => ({
          name: `n = ${n}, r = ${r}`,
          work: { model, size, batch, resizer: largest, filters: n, blocks: r },
        })),
      ),
    },
    {
      name: 'mobilenet-input',
      title: `Input of MobileNet-v2, batch ${batch}`,
      per: 'image',
      points: sizes.map((side) => ({ name: pixels(side), work: { model, size: side, batch } })),
    },
    {
      name: 'resnet50-input',
      title: `Input of ResNet-50, batch ${batch / 2}`,
      per: 'image',
      points: sizes.map((side) => ({
        name: pixels(side),
        work: { model: 'resnet50', size: side, batch: batch / 2 },
      })),
    },
    {
      name: 'batch',
      title: `Batch, MobileNet-v2, ${size} px`,
      per: 'step',
      points: batches.map((images) => ({ name: `batch ${images}`, work: { model, size, batch: images } })),
    },
    {
      name: 'batch-resizer',
      title: `Batch, resizer ${largest} → ${size} px and MobileNet-v2`,
      per: 'step',
      points: batches.map((images) => ({
        name: `batch ${images}`,
        work: { model, size, batch: images, resizer: largest },
      })),
    },
  ];
}
