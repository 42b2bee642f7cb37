/** What a weight file can hold in memory. 16-bit and 64-bit floats become float32 on reading. */
export type TensorData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** A tensor outside TensorFlow: row-major values and their shape; `[]` is a scalar. */
export interface WeightTensor<Data extends TensorData = TensorData> {
  readonly shape: readonly number[];
  readonly data: Data;
}

/** Named tensors, in the order of the file. */
export type Weights = Map<string, WeightTensor>;

export function isFloatTensor(tensor: WeightTensor): tensor is WeightTensor<Float32Array> {
  return tensor.data instanceof Float32Array;
}

/** Number of elements of a shape whose dimensions were checked. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/**
 * A shape from an untrusted file, checked: an array of non-negative integers whose product is exact.
 * @param fail throws the reader's error; it is told what is wrong with the shape.
 */
export function checkedShape(shape: unknown, fail: (problem: string) => never): number[] {
  if (!Array.isArray(shape)) return fail('its shape is not a list');
  let product = 1;
  return shape.map((dimension: unknown) => {
    if (typeof dimension !== 'number' || !Number.isSafeInteger(dimension) || dimension < 0) {
      return fail(`its shape has the dimension ${shown(dimension)}`);
    }
    product *= dimension;
    if (!Number.isSafeInteger(product)) return fail('its shape has more elements than can be counted');
    return dimension;
  });
}

/** A value of an untrusted file as part of a message: JSON, at most about 80 characters. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : shownOther(value);
  return text.length > 80 ? `${text.slice(0, 77)}…${typeof value === 'string' ? '"' : ''}` : text;
}

function shownOther(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return value !== null && typeof value === 'object' ? 'an object' : String(value);
}

/** A count with thousands separators, for messages. */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
