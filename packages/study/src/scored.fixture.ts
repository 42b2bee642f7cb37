import type { TrainedCell } from './cell.ts';
import { protocol } from './config/training.ts';
import type { Comparison } from './tables/comparison.ts';
import type { Scored } from './tables/scored.ts';

/** A finished cell made by hand: its one prediction is a photo of some error. */
export interface Judged extends Scored {
  error: number;
}

const config: TrainedCell = {
  ...{ role: 'arm', arm: 'bilinear', control: null, expect: null },
  ...{ backbone: 'resnet50', range: 'resnet50', data: {}, input: 48, target: 16 },
  resizer: { kind: 'fixed', method: 'bilinear' },
  ...{ start: [{ part: 'backbone', cell: 'baseline' }], frozenBackbone: false },
  training: { ...protocol.parse({ batch: 8 }) },
  ...{ duration: { epochs: 4 }, rate: 0.005, seed: 1 },
};

export const learned: TrainedCell['resizer'] = {
  ...{ kind: 'learned', filters: 16, blocks: 1, base: 'bilinear', start: 'random', frozen: false },
};

export function judged(error: number, given: Partial<TrainedCell> = {}, multiplyAdds = 1): Judged {
  return {
    error,
    predictions: [{ photo: 'photo' }],
    record: {
      ...{ key: '', id: '', study: '', data: {}, needs: {}, directory: '' },
      ...{ started: '', finished: '', seconds: 1, software: {} },
      config: { ...config, ...given },
      measurements: {
        ...{ photos: 1, trainingPhotos: 1, dropped: 0, parameters: 1, resizerWeights: 0, probes: null },
        multiplyAdds: { resizer: 0, backbone: multiplyAdds },
      },
    },
  };
}

/** The difference of the errors. */
export const difference: Comparison<Judged> = {
  ...{ key: 'difference', header: 'Error minus control', unit: 'points', better: 'lower' },
  p: { key: 'p', header: 'p' },
  of: (arm, control) => ({ value: arm.error - control.error, low: 0, high: 0, p: 1 }),
};
