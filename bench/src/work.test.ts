import { expect, it } from 'vitest';
import { rows } from '../rows.ts';
import { argumentsOf, matches, nameOf, type Work } from './work.ts';

it('gives every row a name of its own', () => {
  const names = rows.map(nameOf);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('train/resizer448+resnet50/224/b4');
});

it('measures every backbone of the paper in training and in evaluation, with and without the resizer', () => {
  for (const model of ['inception_v2', 'densenet121', 'resnet50', 'mobilenetv2_1.0', 'efficientnetb0']) {
    const own = rows.filter((row) => row.model === model && row.size === 224);
    const kinds = own.map(({ task, resizer }) => `${task}${resizer ? ' through the resizer' : ''}`);
    expect(kinds.sort()).toEqual([
      'evaluate',
      'evaluate through the resizer',
      'train',
      'train through the resizer',
    ]);
  }
});

it('tells contestants of the resizer’s shape only where the work asks for one, which the peers cannot', () => {
  const work: Work = { task: 'train', model: 'm', size: 32, batch: 2, resizer: 64 };
  const plain = '--task train --model m --size 32 --batch 2 --resizer 64';
  expect(argumentsOf(work).join(' ')).toBe(plain);
  // What else a row says of its work is not for contestants.
  expect(argumentsOf(Object.assign({ promised: 2 }, work)).join(' ')).toBe(plain);
  const shaped = { ...work, filters: 32, blocks: 3 };
  expect(nameOf(shaped)).toBe('train/resizer64n32r3+m/32/b2');
  expect(argumentsOf(shaped).join(' ')).toContain('--filters 32 --blocks 3');
});

it('matches whole names, * standing for any text and all else for itself', () => {
  const name = 'train/mobilenetv2_1.0/224/b16';
  expect(matches(name, 'train/mobilenet*')).toBe(true);
  expect(matches(name, '*b16')).toBe(true);
  expect(matches(name, name)).toBe(true);
  expect(matches(name, 'mobilenet*')).toBe(false);
  expect(matches(name.replace('.', 'x'), name)).toBe(false);
});
