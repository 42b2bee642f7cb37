import { type Tensor, tf } from './tensorflow.ts';

/**
 * Reverse-mode derivatives of a scalar.
 * @param f must use `xs` themselves, not copies
 * @returns f's value and, in the order of xs, its gradients; null where f does not depend on x
 */
export function valueAndGradients(
  f: () => Tensor,
  xs: readonly Tensor[],
): { value: Tensor; gradients: (Tensor | null)[] } {
  const { value, grads } = tf.engine().gradients(f, [...xs], undefined, true);
  return { value, gradients: (grads as (Tensor | undefined)[]).map((gradient) => gradient ?? null) };
}
