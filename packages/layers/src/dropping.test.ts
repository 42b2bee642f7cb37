import { EagerVariables, type Tensor2D, type Tensor4D, tf } from '@resizer-lab/engine';
import { expect, it } from 'vitest';
import { dropConnect, dropout } from './layers.ts';
import { type DropRates, Scope } from './scope.ts';

function scope(rates?: DropRates): Scope {
  const dropping = rates && { ...rates, seed: tf.tensor1d([4, 2], 'int32') };
  const options = { variables: new EagerVariables(new Map()), training: true };
  return new Scope(dropping ? { ...options, dropping } : options);
}

const features = (): Tensor2D => tf.ones([2, 50]);
const zeros = (values: ArrayLike<number>) => Array.from(values).filter((value) => value === 0).length;

it('drops nothing where the scope says nothing', () => {
  expect(zeros(dropout(scope(), 'drop', features()).dataSync())).toBe(0);
  expect(zeros(dropout(scope({ dropConnect: 0.9 }), 'drop', features()).dataSync())).toBe(0);
});

it('gives each layer units of its own, by its full name', () => {
  const net = scope({ dropout: 0.5 });
  const kept = (of: Scope, name: string) => [...dropout(of, name, features()).dataSync()];
  expect(kept(net, 'a')).toEqual(kept(net, 'a'));
  expect(kept(net, 'b')).not.toEqual(kept(net, 'a'));
  expect(kept(net.in('part'), 'a')).not.toEqual(kept(net, 'a'));
  expect(kept(net.in('part'), 'a')).toEqual(kept(net, 'part/a'));
});

it('drops deeper branches more often, and the first never', () => {
  const net = scope({ dropConnect: 0.5 });
  const branch: Tensor4D = tf.ones([1000, 1, 1, 1]);
  const dropped = (depth: number) => zeros(dropConnect(net, 'add', branch, { depth }).dataSync());
  expect(dropped(0)).toBe(0);
  // Within five standard deviations of a binomial count of 1,000.
  expect(Math.abs(dropped(0.5) - 250)).toBeLessThan(70);
  expect(Math.abs(dropped(1) - 500)).toBeLessThan(80);
});
