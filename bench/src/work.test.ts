import { expect, it } from 'vitest';
import { rows } from '../rows.ts';
import { matches, nameOf } from './work.ts';

it('gives every row a name of its own', () => {
  const names = rows.map(nameOf);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('train/resizer448+resnet50/224/b4');
});

it('matches whole names, * standing for any text and all else for itself', () => {
  const name = 'train/mobilenetv2_1.0/224/b16';
  expect(matches(name, 'train/mobilenet*')).toBe(true);
  expect(matches(name, '*b16')).toBe(true);
  expect(matches(name, name)).toBe(true);
  expect(matches(name, 'mobilenet*')).toBe(false);
  expect(matches(name.replace('.', 'x'), name)).toBe(false);
});
