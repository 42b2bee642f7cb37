import { expect, it } from 'vitest';
import { difference, judged, learned } from '../scored.fixture.ts';
import { alarmsOf } from './alarms.ts';

it('a resizer that is only evaluated need not move, nor have a gradient; one that is trained must', () => {
  const cell = judged(0.5, { arm: 'learned', resizer: learned });
  const probes = {
    ...{ outputShape: [16, 16, 3], sizeIsTarget: true, differenceFromInput: null },
    ...{ differenceFromInterpolation: 1, weights: { kernel: { gradient: 0, moved: 0 } } },
  };
  const { config, measurements } = cell.record;
  const alarms = (duration: typeof config.duration) => {
    const record = {
      ...cell.record,
      config: { ...config, duration },
      measurements: { ...measurements, probes },
    };
    return alarmsOf([{ ...cell, record }], difference);
  };
  expect(alarms(null)).toEqual([]);
  expect(alarms({ epochs: 1 })).toEqual([': no gradient reaches kernel', ': kernel did not move']);
});
