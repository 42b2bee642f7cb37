import { crc32 } from 'node:zlib';

/**
 * The numbers of a fixture: mulberry32 started from the CRC-32 of seed and name, one step for each
 * element, uniform in [0, 1).
 */
export function* uniforms(seed: number, name: string, count: number): Generator<number> {
  const base = crc32(`${seed}:${name}`);
  for (let i = 0; i < count; i++) {
    const a = (base + Math.imul(i + 1, 0x6d2b79f5)) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    yield ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

/** Range of a weight's values by the last part of its name. */
function valueRule(name: string, shape: readonly number[], gain: number): (u: number) => number {
  const kind = name.slice(name.lastIndexOf('/') + 1);
  const uniformIn = (fanIn: number) => {
    const limit = gain * Math.sqrt(6 / fanIn);
    return (u: number) => (2 * u - 1) * limit;
  };
  switch (kind) {
    case 'kernel':
    case 'weights':
    case 'pointwise_weights':
      return uniformIn(product(shape.slice(0, -1)));
    case 'depthwise_kernel':
    case 'depthwise_weights':
      return uniformIn(shape[0]! * shape[1]!);
    case 'gamma':
      return (u) => 0.8 + 0.4 * u;
    case 'beta':
    case 'moving_mean':
    case 'bias':
    case 'biases':
      return (u) => 0.2 * (u - 0.5);
    case 'moving_variance':
      return (u) => 0.5 + u;
    default:
      throw new Error(`no rule gives the values of ${name}`);
  }
}

/** A weight of a fixture. */
export function weightValues(seed: number, weight: { name: string; shape: readonly number[] }, gain: number) {
  const { name, shape } = weight;
  const rule = valueRule(name, shape, gain);
  const values = new Float32Array(product(shape));
  let i = 0;
  for (const u of uniforms(seed, name, values.length)) values[i++] = rule(u);
  return values;
}

/** The images of a fixture, uniform in [-1, 1). */
export function imageValues(seed: number, shape: readonly number[]): Float32Array {
  const values = new Float32Array(product(shape));
  let i = 0;
  for (const u of uniforms(seed, 'input', values.length)) values[i++] = 2 * u - 1;
  return values;
}
