import { expect, it } from 'vitest';
import { type Paper, printedOf } from './paper.ts';
import { judged, learned } from './scored.fixture.ts';

it('a printed number of a swapped resizer is that of the backbone that it was trained with', () => {
  const number = { source: 's', metric: 'top1', backbone: 'resnet50', resizer: 'learned n=16 r=1' } as const;
  const paper: Paper = {
    ...{ paper: 'P', sources: { s: 'here' } },
    numbers: [
      { ...number, trainedWith: 'densenet121', value: 0.25 },
      { ...number, trainedWith: 'inception_v2', value: 0.26 },
    ],
  };
  const valueOf = (range: 'densenet121' | 'inception_v2' | 'resnet50') =>
    printedOf(paper, judged(0.3, { range, resizer: learned }), 'top1')?.value;
  expect([valueOf('densenet121'), valueOf('inception_v2'), valueOf('resnet50')]).toEqual([
    0.25,
    0.26,
    undefined,
  ]);
});
