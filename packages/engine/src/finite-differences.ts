import { stream } from '@resizer-lab/base';
import { valueAndGradients } from './gradients.ts';
import { type Tensor, tf } from './tensorflow.ts';

/** An op to be checked: tensors by name, and what is computed from them. */
export interface GradientCheck {
  name: string;
  /** Shapes of the inputs, all of which are differentiated. */
  inputs: Record<string, readonly number[]>;
  f: (inputs: Record<string, Tensor>) => Tensor;
  /** Points at which the op has a kink; inputs keep away from them. */
  kinks?: readonly number[];
  /** The op has a kink where two elements are equal: inputs are evenly spaced, in random order. */
  spaced?: boolean;
}

/** Half the distance of the two points of a difference. */
const EPSILON = 2 ** -7;

/**
 * The largest error of an op's gradient: for a random linear function of the output, the derivative
 * for each element of each input against the central difference, relative to the input's largest one.
 * Sums are made in float64; a right gradient stays below about 2e-3 in float32.
 */
export function gradientError({ name, inputs, f, kinks = [], spaced = false }: GradientCheck): number {
  const points = new Map(
    Object.entries(inputs).map(([input, shape]) => [
      input,
      { shape, data: sample({ name, input, shape, kinks, spaced }) },
    ]),
  );
  const tensors = () =>
    Object.fromEntries(
      [...points].map(([input, { shape, data }]) => [input, tf.tensor(data.slice(), [...shape])]),
    );
  const output = tf.tidy(() => f(tensors()));
  const direction = sample({ name, input: 'upstream', shape: output.shape, kinks: [], spaced: false });
  output.dispose();
  const project = () => {
    const y = tf.tidy(() => f(tensors()));
    const values = y.dataSync() as Float32Array;
    const sum = values.reduce((total, value, i) => total + value * direction[i]!, 0);
    y.dispose();
    return sum;
  };
  const gradients = analytic({ tensors, f, direction });
  let worst = 0;
  [...points.values()].forEach(({ data }, which) => {
    const exact = gradients[which]!;
    const largest = exact.reduce((max, g) => Math.max(max, Math.abs(g)), 1e-3);
    data.forEach((x, i) => {
      data[i] = x + EPSILON;
      const [above, high] = [project(), data[i]];
      data[i] = x - EPSILON;
      const [below, low] = [project(), data[i]];
      data[i] = x;
      worst = Math.max(worst, Math.abs((above - below) / (high - low) - exact[i]!) / largest);
    });
  });
  return worst;
}

function analytic(check: {
  tensors: () => Record<string, Tensor>;
  f: GradientCheck['f'];
  direction: Float32Array;
}): Float32Array[] {
  const results: Tensor[] = tf.tidy(() => {
    const inputs = check.tensors();
    const { gradients } = valueAndGradients(() => {
      const y = check.f(inputs);
      return tf.sum(tf.mul(y, tf.tensor(check.direction, y.shape)));
    }, Object.values(inputs));
    return gradients.map((gradient, i) => gradient ?? tf.zerosLike(Object.values(inputs)[i]!));
  });
  const data = results.map((gradient) => gradient.dataSync() as Float32Array);
  tf.dispose(results);
  return data;
}

interface Sample extends Required<Pick<GradientCheck, 'name' | 'kinks' | 'spaced'>> {
  input: string;
  shape: readonly number[];
}

/** Between -2 and 2, at least two steps of the difference away from a kink. */
function sample({ name, input, shape, kinks, spaced }: Sample): Float32Array {
  const random = stream(1, 'finite differences', name, input);
  const count = shape.reduce((a, b) => a * b, 1);
  if (spaced) return Float32Array.from(random.permutation(count), (place) => (4 * place) / count - 2);
  const draw = (): number => {
    const x = 4 * random.uniform() - 2;
    return kinks.some((kink) => Math.abs(x - kink) < 2 * EPSILON) ? draw() : x;
  };
  return Float32Array.from({ length: count }, draw);
}
