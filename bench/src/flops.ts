import type { Node } from '@resizer-lab/engine';

type Shape = readonly number[];

const product = (sizes: Shape) => sizes.reduce((a, b) => a * b, 1);

/** The shape that a constant input holds. */
const held = (node: Node, input: number): Shape => [...node.inputs[input]!.constant!];

/**
 * Multiply-adds of a node of a recorded graph; zeros of padding count, as is the custom. Only
 * convolutions and matrix products count. A weight is used once for each pixel of the convolution's output.
 */
function multiplyAddsOf(node: Node, outputShape: (node: Node) => Shape): number {
  const input = (index: number) => node.inputs[index]!.shape;
  const perWeight = ([batch, height, width]: Shape) => batch! * height! * width!;
  switch (node.op) {
    case 'Conv2D':
    case 'DepthwiseConv2dNative':
      return product(input(1)) * perWeight(outputShape(node));
    case 'Conv2DBackpropInput':
    case 'DepthwiseConv2dNativeBackpropInput':
      return product(input(1)) * perWeight(input(2));
    case 'Conv2DBackpropFilter':
    case 'DepthwiseConv2dNativeBackpropFilter':
      return product(held(node, 1)) * perWeight(input(2));
    case 'MatMul': {
      // [n, k] · [k, m]: the product of both sizes holds k twice.
      const inner = input(0)[isSet(node, 'transpose_a') ? 0 : 1]!;
      return (product(input(0)) * product(input(1))) / inner;
    }
    case 'BatchMatMulV2': {
      const [batch] = input(0);
      const inner = input(0)[isSet(node, 'adj_x') ? 1 : 2]!;
      return (product(input(0)) * product(input(1))) / inner / batch!;
    }
    default:
      return 0;
  }
}

function isSet({ attributes }: Node, name: string): boolean {
  return attributes.some(
    (attribute) => attribute.name === name && 'value' in attribute && attribute.value === true,
  );
}

/** Multiply-adds of all nodes of a graph. */
export function countMultiplyAdds(graph: readonly Node[]): number {
  const shapes = new Map<Node, Shape>();
  for (const { inputs } of graph)
    for (const { node, index, shape } of inputs) if (index === 0) shapes.set(node, shape);
  return graph.reduce((sum, node) => sum + multiplyAddsOf(node, (of) => shapes.get(of)!), 0);
}
