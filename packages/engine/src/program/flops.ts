import type { Node } from './graph.ts';
import { type Attributes, outputsOf } from './shapes.ts';

type Shape = readonly number[];

const product = (sizes: Shape) => sizes.reduce((a, b) => a * b, 1);

/** Each weight is used once for each pixel of the convolution's output. */
const convolution = (filter: Shape, [batch, height, width]: Shape, attributes: Attributes) =>
  weightsOf(filter, attributes) * batch! * height! * width!;

/**
 * Weights of a filter [kh, kw, in, out]. One that makes several pixels of a row at once holds columns of zeros
 * (ops/narrow-convolution.ts), which are not counted; its strides tell.
 */
function weightsOf([height, width, ...channels]: Shape, { strides }: Attributes): number {
  const [, down, across] = strides as number[];
  return height! * (width! - (across! - down!)) * product(channels);
}

type Rule = (inputs: readonly Shape[], attributes: Attributes, node: Node) => number;

const forward: Rule = ([, filter], attributes, { op, inputs }) =>
  convolution(filter!, outputsOf(op, inputs, attributes)[0]!.shape, attributes);
const inputGradient: Rule = ([, filter, dy], attributes) => convolution(filter!, dy!, attributes);
const filterGradient: Rule = ([, , dy], attributes, { inputs }) =>
  convolution([...inputs[1]!.constant!], dy!, attributes);

const rules: Record<string, Rule> = {
  Conv2D: forward,
  Conv2DBackpropInput: inputGradient,
  Conv2DBackpropFilter: filterGradient,
  DepthwiseConv2dNative: forward,
  DepthwiseConv2dNativeBackpropInput: inputGradient,
  DepthwiseConv2dNativeBackpropFilter: filterGradient,
  // [n, k] · [k, m]: the product of both sizes holds k twice; and the batch, if there is one.
  MatMul: ([a, b], { transpose_a }) => (product(a!) * product(b!)) / a![transpose_a ? 0 : 1]!,
  BatchMatMulV2: ([a, b], { adj_x }) => (product(a!) * product(b!)) / a![adj_x ? 1 : 2]! / a![0]!,
};

/**
 * Multiply-adds of convolutions and matrix products, forward and backward; zeros of the padding count,
 * element-wise work does not, as in the papers. One is two floating-point operations.
 */
export function countMultiplyAdds(graph: readonly Node[]): number {
  let count = 0;
  for (const node of graph) {
    const rule = rules[node.op];
    if (!rule) continue;
    const attributes: Attributes = Object.fromEntries(
      node.attributes.flatMap((attribute) =>
        'value' in attribute ? [[attribute.name, attribute.value]] : [],
      ),
    );
    const shapes = node.inputs.map(({ shape }) => shape);
    count += rule(shapes, attributes, node);
  }
  return count;
}
