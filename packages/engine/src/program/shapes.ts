import { binding } from '../tensorflow.ts';
import type { Value } from './graph.ts';

/*
 * Shapes of an op's outputs, from its inputs and attributes: recording runs nothing, so these rules
 * stand in for the kernels. TensorFlow checks them when the graph loads.
 */

export type Attributes = Readonly<Record<string, boolean | number | string | number[]>>;

export interface Output {
  shape: readonly number[];
  dtype?: number;
}

type Rule = (inputs: readonly Value[], attributes: Attributes) => Output[];

/** The values of an input that the shape depends on. */
function known(value: Value | undefined): number[] {
  if (!value?.constant) throw new Error('its shape depends on a value that is not known while recording');
  return [...value.constant];
}

const one = (shape: readonly number[], dtype?: number): Output[] => [
  dtype === undefined ? { shape } : { shape, dtype },
];

const like =
  (input: number): Rule =>
  (inputs) =>
    one(inputs[input]!.shape);

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [x, y] = [a[a.length - rank + axis] ?? 1, b[b.length - rank + axis] ?? 1];
    if (x !== y && x !== 1 && y !== 1)
      throw new Error(`[${a.join(', ')}] does not broadcast with [${b.join(', ')}]`);
    return x === 1 ? y : x;
  });
}

const elementwise: Rule = ([a, b]) => one(broadcast(a!.shape, b!.shape));
const comparison: Rule = ([a, b]) => one(broadcast(a!.shape, b!.shape), binding.TF_BOOL);

/** Sliding windows along one axis. */
function windows(size: number, kernel: number, stride: number, padding: string): number {
  return Math.ceil(padding === 'SAME' ? size / stride : (size - kernel + 1) / stride);
}

function slide(input: Value, [kh, kw]: readonly number[], attributes: Attributes): [number, number] {
  const [, height, width] = input.shape as [number, number, number, number];
  const strides = attributes['strides'] as number[];
  const [, , top = 0, bottom = 0, left = 0, right = 0] = (attributes['explicit_paddings'] as number[]) ?? [];
  const padding = attributes['padding'] as string;
  return [
    windows(height + top + bottom, kh!, strides[1]!, padding),
    windows(width + left + right, kw!, strides[2]!, padding),
  ];
}

const pool: Rule = ([x], attributes) => {
  const [, kh, kw] = attributes['ksize'] as number[];
  return one([x!.shape[0]!, ...slide(x!, [kh!, kw!], attributes), x!.shape[3]!]);
};

const reduction: Rule = ([x, axes], attributes) => {
  const rank = x!.shape.length;
  const reduced = new Set(known(axes).map((axis) => (axis + rank) % rank));
  return one(
    x!.shape.flatMap((size, axis) => (!reduced.has(axis) ? [size] : attributes['keep_dims'] ? [1] : [])),
  );
};

const channels = (x: Value) => [x.shape[3]!];

const rules: Record<string, Rule> = {
  Conv2D: ([x, filter], a) => one([x!.shape[0]!, ...slide(x!, filter!.shape, a), filter!.shape[3]!]),
  DepthwiseConv2dNative: ([x, filter], a) =>
    one([x!.shape[0]!, ...slide(x!, filter!.shape, a), filter!.shape[2]! * filter!.shape[3]!]),
  FusedBatchNormV3: ([x]) => [
    { shape: x!.shape },
    ...Array.from({ length: 4 }, () => ({ shape: channels(x!) })),
    { shape: [0] },
  ],
  FusedBatchNormGradV3: ([, x]) => [
    { shape: x!.shape },
    { shape: channels(x!) },
    { shape: channels(x!) },
    { shape: [0] },
    { shape: [0] },
  ],
  MaxPool: pool,
  AvgPool: pool,
  MaxPoolGrad: like(0),
  BiasAdd: like(0),
  BiasAddGrad: ([dy]) => one([dy!.shape.at(-1)!]),
  ResizeNearestNeighbor: ([x, size]) => one([x!.shape[0]!, ...known(size), x!.shape[3]!]),
  ResizeNearestNeighborGrad: ([dy, size]) => one([dy!.shape[0]!, ...known(size), dy!.shape[3]!]),
  ResizeBilinear: ([x, size]) => one([x!.shape[0]!, ...known(size), x!.shape[3]!]),
  ResizeBilinearGrad: like(1),
  ScaleAndTranslate: ([x, size]) => one([x!.shape[0]!, ...known(size), x!.shape[3]!]),
  ScaleAndTranslateGrad: like(1),
  SoftmaxCrossEntropyWithLogits: ([logits]) => [{ shape: [logits!.shape[0]!] }, { shape: logits!.shape }],
  AddN: like(0),
  BatchMatMulV2: ([a, b], { adj_x, adj_y }) =>
    one([a!.shape[0]!, a!.shape[adj_x ? 2 : 1]!, b!.shape[adj_y ? 1 : 2]!]),
  MatMul: ([a, b], { transpose_a, transpose_b }) =>
    one([a!.shape[transpose_a ? 1 : 0]!, b!.shape[transpose_b ? 0 : 1]!]),
  Reshape: ([x, shape]) => {
    const wanted = known(shape);
    const size = x!.shape.reduce((a, b) => a * b, 1);
    const rest = wanted.reduce((a, b) => (b < 0 ? a : a * b), 1);
    return one(wanted.map((dim) => (dim < 0 ? size / rest : dim)));
  },
  ConcatV2: (inputs) => {
    const parts = inputs.slice(0, -1);
    const axis = known(inputs.at(-1))[0]!;
    return one(
      parts[0]!.shape.map((size, i) =>
        i === axis ? parts.reduce((sum, p) => sum + p.shape[axis]!, 0) : size,
      ),
    );
  },
  GatherV2: ([x, indices, axis]) => {
    const at = known(axis)[0]!;
    return one([...x!.shape.slice(0, at), ...indices!.shape, ...x!.shape.slice(at + 1)]);
  },
  Slice: ([x, begin, sizes]) =>
    one(known(sizes).map((size, axis) => (size < 0 ? x!.shape[axis]! - known(begin)[axis]! : size))),
  PadV2: ([x, paddings]) => {
    const around = known(paddings);
    return one(x!.shape.map((size, axis) => size + around[2 * axis]! + around[2 * axis + 1]!));
  },
  Transpose: ([x, order]) => one(known(order).map((axis) => x!.shape[axis]!)),
  Tile: ([x, times]) => one(x!.shape.map((size, axis) => size * known(times)[axis]!)),
  Fill: ([shape, value]) => one(known(shape), value!.dtype),
  BroadcastTo: ([, shape]) => one(known(shape)),
  Cast: ([x], { DstT }) => one(x!.shape, DstT as number),
  OneHot: ([indices, depth, on]) => one([...indices!.shape, known(depth)[0]!], on!.dtype),
  ArgMax: ([x, axis], { output_type }) =>
    one(
      x!.shape.filter((_, i) => i !== known(axis)[0]),
      output_type as number,
    ),
  SelectV2: ([, a, b]) => one(broadcast(a!.shape, b!.shape), a!.dtype),
  StatelessRandomUniform: ([shape]) => one(known(shape), binding.TF_FLOAT),
};

for (const op of ['Conv2DBackpropInput', 'DepthwiseConv2dNativeBackpropInput']) {
  rules[op] = ([shape, , dy]) => one(known(shape), dy!.dtype);
}
for (const op of ['Conv2DBackpropFilter', 'DepthwiseConv2dNativeBackpropFilter']) {
  rules[op] = ([, shape, dy]) => one(known(shape), dy!.dtype);
}
rules['AvgPoolGrad'] = ([shape, dy]) => one(known(shape), dy!.dtype);
for (const op of ['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any']) rules[op] = reduction;
for (const op of [
  'Add',
  'AddV2',
  'Sub',
  'Mul',
  'Div',
  'RealDiv',
  'Maximum',
  'Minimum',
  'Pow',
  'SquaredDifference',
]) {
  rules[op] = elementwise;
}
for (const op of [
  'Greater',
  'GreaterEqual',
  'Less',
  'LessEqual',
  'Equal',
  'NotEqual',
  'LogicalAnd',
  'LogicalOr',
]) {
  rules[op] = comparison;
}
for (const op of [
  ...['Relu', 'Relu6', 'ReluGrad', 'Relu6Grad', 'LeakyRelu', 'LeakyReluGrad', 'Sigmoid', 'SigmoidGrad'],
  ...['Exp', 'Log', 'Neg', 'Square', 'Sqrt', 'Rsqrt', 'Softmax', 'LogSoftmax', 'Identity', 'Sign', 'Abs'],
  ...['Floor', 'Tanh', 'ZerosLike', 'Cumsum', 'ReverseV2'],
]) {
  rules[op] = like(0);
}

/**
 * Shapes and types of an op's outputs. The type is that of the first input unless the rule says another.
 * @throws Error when there is no rule for the op, or the inputs do not fit
 */
export function outputsOf(op: string, inputs: readonly Value[], attributes: Attributes): Required<Output>[] {
  const rule = rules[op];
  if (!rule) throw new Error('it has no shape rule (packages/engine/src/program/shapes.ts)');
  return rule(inputs, attributes).map(({ shape, dtype }) => ({ shape, dtype: dtype ?? inputs[0]!.dtype }));
}
