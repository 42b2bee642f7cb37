import type { TensorData } from './tensor.ts';

/** Number formats of weight files, little-endian. */
export type NumberFormat = 'float64' | 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'uint8';

export const bytesPer: Readonly<Record<NumberFormat, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  uint8: 1,
};

/**
 * The numbers stored in `bytes`, which may be kept and must have the alignment of its format.
 * Floats of 16 and 64 bits become float32. The host is little-endian, as every host that TensorFlow
 * publishes a library for.
 */
export function numbersOf(format: NumberFormat, bytes: Uint8Array): TensorData {
  const { buffer, byteOffset } = bytes;
  const length = bytes.byteLength / bytesPer[format];
  switch (format) {
    case 'float64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, length));
    case 'float32':
      return new Float32Array(buffer, byteOffset, length);
    case 'float16':
      return halvesToFloats(new Uint16Array(buffer, byteOffset, length));
    case 'bfloat16':
      return new Float32Array(
        Uint32Array.from(new Uint16Array(buffer, byteOffset, length), (x) => x << 16).buffer,
      );
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, length);
    case 'int32':
      return new Int32Array(buffer, byteOffset, length);
    case 'uint8':
      return bytes;
  }
}

/** IEEE 754 binary16 → binary32. */
function halvesToFloats(halves: Uint16Array): Float32Array {
  return Float32Array.from(halves, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
}
