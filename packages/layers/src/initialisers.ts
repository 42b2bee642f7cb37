import type { Stream } from '@resizer-lab/base';

/** First values of a parameter, drawn from a stream of its own. */
export type Initialiser = (shape: readonly number[], stream: Stream) => Float32Array;

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** All elements the same. */
export const constant =
  (value: number): Initialiser =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);

/** A loop, for Float32Array.from takes several times as long. */
function drawn(shape: readonly number[], draw: () => number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return values;
}

/** Inputs and outputs of one unit of a kernel [..., in, out]; a depthwise kernel has one input. */
function fans(shape: readonly number[], depthwise: boolean): { fanIn: number; fanOut: number } {
  const [inputs, outputs] = shape.slice(-2) as [number, number];
  const window = sizeOf(shape.slice(0, -2));
  return depthwise
    ? { fanIn: window, fanOut: window * outputs }
    : { fanIn: window * inputs, fanOut: window * outputs };
}

/** Uniform in ±√(6 / (fan in + fan out)) (Glorot & Bengio 2010), Keras' default. */
export const glorotUniform: Initialiser = (shape, stream) => {
  const { fanIn, fanOut } = fans(shape, false);
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  return drawn(shape, () => (2 * stream.uniform() - 1) * limit);
};

/** Normal of variance 2 / fan in (He et al. 2015), which keeps the variance through rectifiers. */
export const heNormal =
  ({ depthwise = false }: { depthwise?: boolean } = {}): Initialiser =>
  (shape, stream) => {
    const deviation = Math.sqrt(2 / fans(shape, depthwise).fanIn);
    return drawn(shape, () => stream.normal() * deviation);
  };
