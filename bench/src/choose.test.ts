import { expect, it } from 'vitest';
import { chosen } from './choose.ts';

const peers = new Map(['keras graph', 'keras eager', 'torch eager'].map((name) => [name, name]));
const option = { option: 'peers' };

it('takes patterns with commas between them and repeated options, in the order of the items, once each', () => {
  expect(chosen(peers, ['torch*, keras graph'], option)).toEqual(['keras graph', 'torch eager']);
  expect(chosen(peers, ['*eager', 'keras*'], option)).toEqual(['keras graph', 'keras eager', 'torch eager']);
});

it('refuses a pattern that nothing matches, though others match', () => {
  expect(() => chosen(peers, ['torch*,jax*'], option)).toThrow(
    '--peers jax* matches none of keras graph, keras eager, torch eager.',
  );
  expect(() => chosen(peers, ['torch*,'], option)).toThrow('--peers  matches none');
});
