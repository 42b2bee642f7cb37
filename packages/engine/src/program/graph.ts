import type { OpAttribute } from '../native.ts';

/** Array types that constants and inputs of a graph are made of. */
export type Values = Float32Array | Int32Array | Uint8Array;

/** One output of a node. Known constants carry their values: shape rules read them. */
export interface Value {
  readonly node: Node;
  readonly index: number;
  readonly shape: readonly number[];
  /** TensorFlow's number of the type. */
  readonly dtype: number;
  readonly constant?: Values;
}

/** One op of a graph. */
export interface Node {
  readonly name: string;
  op: string;
  inputs: Value[];
  /** Nodes that must have run before, though no data flows from them. */
  readonly after: Node[];
  attributes: readonly GraphAttribute[];
}

/** An attribute of an op, or one that only graphs have. */
export type GraphAttribute =
  | OpAttribute
  | { name: string; shape: readonly number[] }
  | { name: string; tensor: { shape: readonly number[]; dtype: number; values: Values } };

/** What the nodes wanted depend on, in an order in which each follows what it needs. */
export function reachable(wanted: readonly Node[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack = wanted.map((node) => ({ node, entered: false })).reverse();
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top.entered) {
      order.push(top.node);
    } else if (!seen.has(top.node)) {
      seen.add(top.node);
      stack.push({ node: top.node, entered: true });
      for (const value of top.node.inputs) stack.push({ node: value.node, entered: false });
      for (const node of top.node.after) stack.push({ node, entered: false });
    }
  }
  return order;
}

/**
 * Makes sums of many terms one `AddN`: a gradient with several uses arrives as a chain of additions,
 * each of which would read and write the whole tensor. The chain's inner nodes become unreachable.
 * @param nodes in the order of {@link reachable}
 */
export function mergeSums(
  nodes: readonly Node[],
  addNAttributes: (terms: number, dtype: number) => GraphAttribute[],
): void {
  const uses = new Map<Node, number>();
  for (const node of nodes) {
    for (const source of [...node.inputs.map((value) => value.node), ...node.after]) {
      uses.set(source, (uses.get(source) ?? 0) + 1);
    }
  }
  const isSum = ({ op, inputs }: Node) => /^Add(V2)?$/.test(op) && sameShape(inputs[0]!, inputs[1]!);
  const terms = (node: Node): Value[] =>
    node.inputs.flatMap((value) =>
      isSum(value.node) && uses.get(value.node) === 1 ? terms(value.node) : [value],
    );
  // The end of a chain comes last in the order and takes the whole chain.
  for (const node of [...nodes].reverse()) {
    const flat = isSum(node) ? terms(node) : [];
    if (flat.length > 2) {
      const attributes = addNAttributes(flat.length, flat[0]!.dtype);
      Object.assign(node, { op: 'AddN', inputs: flat, attributes });
    }
  }
}

const sameShape = (a: Value, b: Value) =>
  a.shape.length === b.shape.length && a.shape.every((size, axis) => size === b.shape[axis]);

/** Ops that change a variable, named by their first input. */
const UPDATE = /^(AssignVariableOp|ResourceApply)/;

/** Ops whose output may be a view of their first input. */
const VIEW = /^(Reshape|Identity|Slice)$/;

/**
 * Makes each update of a variable wait for the last use of its old value. An update that comes while
 * the old value is in use works on a copy: a pass over all weights, and memory for them, in each step.
 * @param nodes all of one function, in the order of {@link reachable}
 */
export function updateLast(nodes: readonly Node[]): void {
  const place = new Map(nodes.map((node, i) => [node, i]));
  const users = new Map<Node, Node[]>();
  const viewed = new Map<Node, Node>();
  for (const node of nodes) {
    for (const [i, { node: source }] of node.inputs.entries()) {
      const read = source.op === 'ReadVariableOp' ? source : viewed.get(source);
      if (!read) continue;
      users.set(read, [...(users.get(read) ?? []), node]);
      if (i === 0 && VIEW.test(node.op)) viewed.set(node, read);
    }
  }
  const visited = new Int32Array(nodes.length).fill(-1);
  nodes.forEach((update, i) => {
    if (!UPDATE.test(update.op)) return;
    const variable = update.inputs[0]!.node;
    const late = [...users]
      .filter(([read]) => read.inputs[0]!.node === variable)
      .flatMap(([, by]) => by)
      // An output comes after all updates.
      .filter(({ after }) => !after.includes(update));
    if (late.length === 0) return;
    const stack = [i];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (visited[top] === i) continue;
      visited[top] = i;
      const node = nodes[top]!;
      for (const { node: source } of node.inputs) stack.push(place.get(source)!);
      for (const source of node.after) stack.push(place.get(source)!);
    }
    update.after.push(...late.filter((node) => visited[place.get(node)!] !== i));
  });
}
