import type { Node } from './graph.ts';
import { type Attributes, outputsOf } from './shapes.ts';

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

/** Multiply-adds for each element of the output, from the shapes of the inputs. */
const perOutput: Record<string, (node: Node, attributes: Attributes) => number> = {
  Conv2D: ({ inputs }) => product(inputs[1]!.shape.slice(0, 3)),
  DepthwiseConv2dNative: ({ inputs }) => product(inputs[1]!.shape.slice(0, 2)),
  MatMul: ({ inputs }, { transpose_a }) => inputs[0]!.shape[transpose_a ? 0 : 1]!,
};

/**
 * Multiply-adds of a forward pass: of its convolutions and matrix products, zeros of the padding counted,
 * element-wise work not, as the papers count. One is two floating-point operations.
 * @param graph nodes of one recorded function without gradients
 */
export function countMultiplyAdds(graph: readonly Node[]): number {
  let count = 0;
  for (const node of graph) {
    const each = perOutput[node.op];
    if (!each) continue;
    const attributes: Attributes = Object.fromEntries(
      node.attributes.flatMap((attribute) =>
        'value' in attribute ? [[attribute.name, attribute.value]] : [],
      ),
    );
    count += product(outputsOf(node.op, node.inputs, attributes)[0]!.shape) * each(node, attributes);
  }
  return count;
}
