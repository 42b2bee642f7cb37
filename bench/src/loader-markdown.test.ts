import { expect, it } from 'vitest';
import { loaderTable, slowdown, type TrainedEpoch, trainingTable } from './loader-markdown.ts';

const epoch = (kind: TrainedEpoch['kind'], seconds: number): TrainedEpoch => ({
  kind,
  photos: 100,
  seconds,
  stepSeconds: kind === 'first' ? seconds / 2 : seconds - 0.05,
});

const epochs = [
  epoch('first', 4),
  epoch('held', 1),
  epoch('later', 1.25),
  epoch('held', 1),
  epoch('later', 2),
  epoch('held', 3),
  epoch('later', 9),
];

it('says how much of each kind of epoch was steps, and how many photos it took a second', () => {
  expect(trainingTable(epochs).slice(2, 4)).toEqual([
    '| first, decoding | 1 | 50.0 (50.0 – 50.0) | 25 (25 – 25) |',
    '| later, from the cache | 3 | 97.5 (96.0 – 99.4) | 50 (11 – 80) |',
  ]);
});

it('compares an epoch from the cache with both neighbours, where it has them', () => {
  expect(slowdown(epochs)).toEqual({ median: 12.5, low: 0, high: 25 });
});

it('takes the first epochs of a loader apart from its later ones', () => {
  const runs = [
    { name: 'a', photos: 100, seconds: [2, 1, 0.5, 1] },
    { name: 'b', photos: 100, seconds: [1, 1] },
    { name: 'a', photos: 100, seconds: [4, 0.5, 0.5] },
  ];
  expect(loaderTable(runs).slice(2)).toEqual([
    '| a | 38 (25 – 50) | 150 (100 – 200) |',
    '| b | 100 (100 – 100) | 100 (100 – 100) |',
  ]);
});
