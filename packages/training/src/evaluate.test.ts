import type { Batch, Loader } from '@resizer-lab/datasets';
import type { Program } from '@resizer-lab/engine';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, judgeClass } from './index.ts';

interface Photo {
  logits: number[];
  label: number;
}

/** A loader whose pictures' first byte is the place of the photo, and a program that looks its logits up. */
function pretend(photos: readonly Photo[], batch: number): { loader: Loader; program: Program } {
  const classes = photos[0]!.logits.length;
  async function* epoch(): AsyncGenerator<Batch, undefined> {
    for (let start = 0; start < photos.length; start += batch) {
      const places = Array.from({ length: batch }, (_, i) => (start + i < photos.length ? start + i : -1));
      yield await Promise.resolve({
        images: Uint8Array.from(places, (place) => place + 1),
        labels: Int32Array.from(places, (place) => photos[place]?.label ?? 0),
        scores: new Float32Array(batch * 10),
        mask: Float32Array.from(places, (place) => (place < 0 ? 0 : 1)),
        indices: Int32Array.from(places),
      });
    }
  }
  const logitsOf = (images: Uint8Array) =>
    Float32Array.from(
      [...images].flatMap((byte) => photos[byte - 1]?.logits ?? Array<number>(classes).fill(9)),
    );
  return {
    loader: { steps: Math.ceil(photos.length / batch), epoch, close: () => Promise.resolve() },
    program: {
      run: (_: string, { images }) => ({ logits: logitsOf(images as Uint8Array) }),
    } as Partial<Program> as Program,
  };
}

describe('evaluation', () => {
  it('gives class, rank and loss of each photo; of equal logits the true one comes last', async () => {
    const photos = [
      { logits: [1.5, -0.5, 0.25], label: 2 },
      { logits: [3, 3, -1], label: 0 },
      { logits: [-40, 0, 40], label: 0 },
    ];
    const { program, loader } = pretend(photos, 2);
    const predictions = await evaluate(program, loader, { judge: judgeClass });
    // SciPy 1.17, float64: -log_softmax(logits)[label]
    const losses = [1.6019518638028019, 0.7022633214390952, 80];
    expect(predictions).toEqual([
      { index: 0, label: 2, predicted: 0, rank: 2, loss: expect.closeTo(losses[0]!, 6) as number },
      { index: 1, label: 0, predicted: 0, rank: 2, loss: expect.closeTo(losses[1]!, 6) as number },
      { index: 2, label: 0, predicted: 2, rank: 3, loss: expect.closeTo(losses[2]!, 6) as number },
    ]);
  });

  it('counts each photo once, in order, whatever the batch size', async () => {
    const logit = fc.integer({ min: -4, max: 4 });
    const photo = fc.record({ logits: fc.tuple(logit, logit, logit, logit), label: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(photo, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 9 }),
        async (photos, batch) => {
          const { program, loader } = pretend(photos, batch);
          const told: number[] = [];
          const predictions = await evaluate(program, loader, {
            judge: judgeClass,
            onBatch: (n) => told.push(n),
          });
          expect(predictions.map(({ index }) => index)).toEqual(photos.map((_, i) => i));
          expect(told.at(-1)).toBe(photos.length);
          predictions.forEach(({ label, rank, predicted }, i) => {
            const { logits } = photos[i]!;
            expect(label).toBe(photos[i]!.label);
            expect(rank).toBe(logits.filter((score) => score >= logits[label]!).length);
            expect(logits[predicted]).toBe(Math.max(...logits));
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('of a network that diverged names the photo', async () => {
    const photos = [
      { logits: [0, 1], label: 0 },
      { logits: [0, NaN], label: 1 },
    ];
    const { program, loader } = pretend(photos, 2);
    await expect(evaluate(program, loader, { judge: judgeClass })).rejects.toThrow(
      'Evaluation failed: a logit of test photo 1 is NaN. Training diverged; a lower learning rate may help.',
    );
  });
});
