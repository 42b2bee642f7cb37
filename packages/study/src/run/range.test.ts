import { backbones, preprocess, spanOf } from '@resizer-lab/backbones';
import { tf } from '@resizer-lab/engine';
import { describe, expect, it } from 'vitest';
import { betweenRanges } from './range.ts';

const bytes = tf.tensor4d([0, 127, 255, 10, 200, 30], [1, 1, 2, 3]);

describe('the range of a backbone', () => {
  it.each(backbones.map(({ name, preprocessing }) => ({ name, from: preprocessing })))(
    'of $name becomes that of every other',
    ({ from }) => {
      for (const { preprocessing: to } of backbones) {
        const ours = betweenRanges(preprocess(bytes, from), from, to).dataSync();
        const direct = preprocess(bytes, to).dataSync();
        direct.forEach((value, i) => expect(ours[i]).toBeCloseTo(value, 3));
      }
    },
  );

  it('is left alone where both are the same', () => {
    const [first] = backbones;
    const images = preprocess(bytes, first!.preprocessing);
    expect(betweenRanges(images, first!.preprocessing, { ...first!.preprocessing })).toBe(images);
  });

  it('spans what lies between black and white', () => {
    for (const { preprocessing } of backbones) {
      const [black, white] = [0, 255].map((value) =>
        preprocess(tf.fill([1, 1, 1, 3], value), preprocessing).dataSync(),
      );
      const span = [spanOf(preprocessing)].flat();
      white!.forEach((value, c) => expect(span[c % span.length]).toBeCloseTo(value - black![c]!, 3));
    }
  });
});
