import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countParameters } from '@resizer-lab/layers';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TrainedCell } from '../cell.ts';
import { protocol } from '../config/training.ts';
import { costsOf } from './costs.ts';
import { modelOf, parametersOfModel } from './model.ts';

const cell = (given: Partial<TrainedCell>) => ({
  ...{ key: '', id: '', study: '', data: {}, needs: {} },
  config: {
    ...{ role: 'arm', arm: 'arm', control: null, expect: null },
    ...{ backbone: 'mobilenetv2_0.35', range: 'mobilenetv2_0.35', input: 48, target: 16 },
    data: {
      ...{ kind: 'synthetic', version: 'negative', size: 48, target: 16, train: 35, test: 13 },
      ...{ classes: 2, seed: 0 },
    },
    resizer: { kind: 'fixed', method: 'bilinear' },
    ...{ start: [], frozenBackbone: false, duration: { epochs: 2 }, rate: 0.1, seed: 1 },
    training: protocol.parse({ batch: 8 }),
    ...given,
  } as TrainedCell,
});

const task = { outputs: () => 2 };
const costs = (...cells: ReturnType<typeof cell>[]) => costsOf(cells, { dataRoot: '/nowhere', task });

/** A data set of so many photos of one class, no two alike: GIFs of a pixel. */
function photoFolder(splits: Record<string, number>): string {
  const root = mkdtempSync(join(tmpdir(), 'costs-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [split, photos] of Object.entries(splits)) {
    const folder = join(root, 'set', split, 'one');
    mkdirSync(folder, { recursive: true });
    for (let i = 0; i < photos; i++) {
      const colour = split === 'train' ? [i, 0, 0] : [0, i, 9];
      const header = [...Buffer.from('GIF89a'), 1, 0, 1, 0, 0x80, 0, 0, ...colour, 255, 255, 255];
      const pixel = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b];
      writeFileSync(join(folder, `${i}.gif`), Buffer.from([...header, ...pixel]));
    }
  }
  return root;
}

describe('what a cell costs', () => {
  it('is whole batches of its epochs, an evaluation after each, and the model it trains', async () => {
    const [fixed, learned] = await costs(cell({}), cell({ resizer: { kind: 'learned' } as never }));
    // 4 batches of 8 an epoch: three of the 35 pictures do not fill one.
    expect(fixed).toMatchObject({ trainingImages: 64, evaluationImages: 26 });
    expect(fixed!.multiplyAdds['resizer']).toBe(0);
    expect(learned!.multiplyAdds['mobilenetv2_0.35']).toBe(fixed!.multiplyAdds['mobilenetv2_0.35']);
    // 7×7 and 1×1 at 48 px, three 3×3 and a 7×7 at 16 px, n = 16.
    const [input, target] = [48 ** 2, 16 ** 2];
    const convolutions = input * (49 * 3 * 16 + 16 * 16) + target * (3 * 9 * 16 * 16 + 49 * 16 * 3);
    expect(learned!.multiplyAdds['resizer']).toBe(convolutions);
  });

  it('of steps counts the part of an epoch; of other statistics their evaluations', async () => {
    const training = protocol.parse({ batch: 8, reestimateBatches: 3 });
    const [steps, more, still] = await costs(
      cell({ duration: { steps: 5 } }),
      cell({ training }),
      cell({ duration: null }),
    );
    expect(steps).toMatchObject({ trainingImages: 40, evaluationImages: 26 });
    expect(more).toMatchObject({ trainingImages: 64, evaluationImages: 26 + 2 * 13 + 24 });
    expect(still).toMatchObject({ trainingImages: 0, evaluationImages: 13 });
  });

  it('on the disk is at least the weights, with checkpoints where it trains', async () => {
    const { config } = cell({});
    const bytes = 4 * countParameters(parametersOfModel(modelOf(config, 2), config).values());
    const [trained, still] = await costs(cell({}), cell({ duration: null }));
    expect(still!.diskBytes).toBeGreaterThan(bytes);
    expect(still!.diskBytes).toBeLessThan(1.1 * bytes);
    expect(trained!.diskBytes).toBeGreaterThan(5 * bytes);
  });

  it('loads pictures each time they are looked at, and tells at which sizes its parts work', async () => {
    const [cost] = await costs(cell({}));
    expect(cost).toMatchObject({ batch: 8, sides: { resizer: 48, 'mobilenetv2_0.35': 16 } });
    expect(cost!.loading).toMatchObject({ size: 48, photos: 64 + 26 });
  });

  it('decodes photos for the first cell that needs them prepared so', async () => {
    const root = photoFolder({ train: 20, test: 12 });
    const data = { kind: 'folder', path: 'set', train: 'train', test: 'test' };
    const training = protocol.parse({ batch: 8, augment: { fit: 'stretch' }, evaluate: { fit: 'stretch' } });
    const photos = (given: Partial<TrainedCell>) => cell({ data, training, ...given });
    const all = [
      photos({}),
      photos({ seed: 2 }),
      photos({ input: 64 }),
      photos({ input: 80, duration: null }),
    ];
    const loaded = (await costsOf(all, { dataRoot: root, task })).map(({ loading }) => loading.photos);
    // Whole batches: 16 of the 20 an epoch, but two epochs look at all of them.
    expect(loaded).toEqual([32, 0, 32, 12]);
  });
});
