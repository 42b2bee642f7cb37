import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { normalOf } from './normal.ts';

/** A deterministic source of random numbers. Two streams of the same name and seed are equal. */
export interface Stream {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Uniform integer in [0, n). n: 1 … 2³². */
  integer(n: number): number;
  /** Standard normal, 32 bits. */
  normal(): number;
  /** A permutation of 0 … n-1 (Fisher–Yates). */
  permutation(n: number): Int32Array;
}

/**
 * The stream of a seed and a name, such as `stream(7, 'augment', epoch, index)`: what is drawn
 * depends on these alone, never on the order in which other streams are read. The generator is
 * xoroshiro128+ started from the SHA-256 of seed and name.
 */
export function stream(seed: number, ...name: readonly (string | number)[]): Stream {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, ...name]))
    .digest();
  const rng = xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)));
  const uniform = () => uniformFloat64(rng);
  const integer = (n: number) => uniformInt(rng, 0, n - 1);
  return {
    uniform,
    integer,
    normal: () => normalOf(rng),
    permutation(n) {
      const order = Int32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = integer(i + 1);
        const swap = order[i]!;
        order[i] = order[j]!;
        order[j] = swap;
      }
      return order;
    },
  };
}
