import { attribute, T } from '../native.ts';
import { tf } from '../tensorflow.ts';
import type { Node, Value } from './graph.ts';
import type { Recorder } from './recorder.ts';

/**
 * Folds batch norm in inference into the convolution before it,
 *
 *     γ (x ∗ w + b − μ) / √(σ² + ε) + β = x ∗ (s w) + (β + s (b − μ)),   s = γ / √(σ² + ε):
 *
 * one pass over the weights in place of one over the activations, and TensorFlow takes the bias, a sum and the
 * ReLU that follow into the convolution. Only where nothing else reads what lies between the two: the gradient
 * of a frozen batch norm does.
 * @param nodes all that is wanted, in the order of `reachable`
 */
export function foldBatchNorm(recorder: Recorder, nodes: readonly Node[]): void {
  const uses = new Map<Node, Value[]>();
  for (const { inputs } of nodes) {
    for (const value of inputs) uses.set(value.node, [...(uses.get(value.node) ?? []), value]);
  }
  const isReadOnce = (node: Node) => uses.get(node)?.length === 1;
  for (const norm of nodes) {
    const found = foldable(norm, isReadOnce);
    if (found && uses.get(norm)?.every(({ index }) => index === 0)) fold(recorder, norm, found);
  }
}

interface Convolution {
  convolution: Value;
  bias: Value | undefined;
}

function foldable({ op, inputs, attributes }: Node, isReadOnce: (node: Node) => boolean) {
  if (op !== 'FusedBatchNormV3' || valueOf(attributes, 'is_training')) return undefined;
  const biased = inputs[0]!.node.op === 'BiasAdd' && isReadOnce(inputs[0]!.node);
  const [convolution, bias] = biased ? inputs[0]!.node.inputs : [inputs[0]!];
  const { node } = convolution!;
  if (!/^(Conv2D|DepthwiseConv2dNative)$/.test(node.op) || !isReadOnce(node)) return undefined;
  return { convolution: convolution!, bias } satisfies Convolution;
}

const valueOf = (attributes: Node['attributes'], name: string) => {
  const found = attributes.find((each) => each.name === name);
  return found && 'value' in found ? found.value : undefined;
};

function fold(recorder: Recorder, norm: Node, { convolution, bias }: Convolution): void {
  const { op, attributes, inputs } = convolution.node;
  const [x, filter] = inputs as [Value, Value];
  const epsilon = valueOf(norm.attributes, 'epsilon') as number;
  const [scaled, shift] = recorder.record(() => {
    const [gamma, beta, mean, variance] = norm.inputs.slice(1).map((value) => recorder.tensorOf(value));
    const scale = tf.mul(gamma!, tf.rsqrt(tf.add(variance!, epsilon)));
    const centre = bias ? tf.sub(mean!, recorder.tensorOf(bias)) : mean!;
    // A depthwise filter has two axes for its output channels.
    const perFilter = op === 'Conv2D' ? scale : tf.reshape(scale, filter.shape.slice(2));
    const results = [tf.mul(recorder.tensorOf(filter), perFilter), tf.sub(beta!, tf.mul(centre, scale))];
    return results.map((tensor) => recorder.valueOf(tensor));
  });
  const [folded] = recorder.add(op, { inputs: [x, scaled!], attributes, outputs: [convolution] });
  const format = attribute.string('data_format', 'NHWC');
  Object.assign(norm, { op: 'BiasAdd', inputs: [folded!, shift!], attributes: [T, format] });
}
