/*
 * The inner loops of `src/resample.ts`, in AssemblyScript: WebAssembly has instructions that work on four
 * 32-bit or sixteen 8-bit numbers at once, which JavaScript lacks.
 */

/** Bits behind the point of a weight. */
const BITS: i32 = 22;

/** Added to a sum, so that taking the bits away rounds it. */
const HALF: i32 = 1 << (BITS - 1);

/**
 * What is to be done, as the caller lays it into memory: eight 32-bit numbers. Loads and stores are wider
 * than a pixel, so there must be 16 bytes to spare behind the input and the output.
 */
@unmanaged
class Work {
  /** Address of the input: rows of RGB bytes. */
  from: usize = 0;
  /** Bytes from one row of the input to the next. In the output, rows lie one right after the other. */
  stride: i32 = 0;
  /** Address of the output. */
  to: usize = 0;
  /** Rows of the input, where columns are mixed; bytes of a row, where rows are. */
  lines: i32 = 0;
  /** Columns of the output, where columns are mixed; its rows, where rows are. */
  outputs: i32 = 0;
  /** Address of the first input that each output reads. */
  start: usize = 0;
  /** Address of the place in `weights` where those of each output begin, and of their end. */
  offset: usize = 0;
  /** Address of the weights, times 2^BITS. */
  weights: usize = 0;

  weightsOf(output: i32): usize {
    return this.weights + (load<i32>(this.offset + (output << 2)) << 2);
  }

  startOf(output: i32): i32 {
    return load<i32>(this.start + (output << 2));
  }
}

/** Each pixel of the output is a sum of weighted pixels of the same row. */
export function mixColumns(work: Work): void {
  let to = work.to;
  for (let row = 0; row < work.lines; row++) {
    const from = work.from + row * work.stride;
    let tap = work.weightsOf(0);
    for (let x = 0; x < work.outputs; x++, to += 3) {
      const end = work.weightsOf(x + 1);
      let sum = i32x4.splat(HALF);
      for (let at = from + 3 * work.startOf(x); tap < end; tap += 4, at += 3) {
        const pixel = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
        sum = i32x4.add(sum, i32x4.mul(v128.load32_splat(tap), pixel));
      }
      // The fourth byte belongs to the next pixel, which is written after this one.
      store<i32>(to, i32x4.extract_lane(rounded(sum, sum, sum, sum), 0));
    }
  }
}

/** Each row of the output is a sum of weighted rows. */
export function mixRows(work: Work): void {
  const stride = work.stride;
  for (let y = 0; y < work.outputs; y++) {
    const from = work.from + work.startOf(y) * stride;
    const to = work.to + y * work.lines;
    const taps = work.weightsOf(y);
    const end = work.weightsOf(y + 1);
    for (let i = 0; i < work.lines; i += 16) {
      let a = i32x4.splat(HALF);
      let b = a;
      let c = a;
      let d = a;
      let at = from + i;
      for (let tap = taps; tap < end; tap += 4, at += stride) {
        const weight = v128.load32_splat(tap);
        const bytes = v128.load(at);
        const low = i16x8.extend_low_i8x16_u(bytes);
        const high = i16x8.extend_high_i8x16_u(bytes);
        a = i32x4.add(a, i32x4.mul(weight, i32x4.extend_low_i16x8_u(low)));
        b = i32x4.add(b, i32x4.mul(weight, i32x4.extend_high_i16x8_u(low)));
        c = i32x4.add(c, i32x4.mul(weight, i32x4.extend_low_i16x8_u(high)));
        d = i32x4.add(d, i32x4.mul(weight, i32x4.extend_high_i16x8_u(high)));
      }
      // What goes beyond the row belongs to the next one, which is written after it.
      v128.store(to + i, rounded(a, b, c, d));
    }
  }
}

/** Sixteen sums as bytes; what lies outside of 0 … 255 goes to the nearer end. */
function rounded(a: v128, b: v128, c: v128, d: v128): v128 {
  const low = i16x8.narrow_i32x4_s(i32x4.shr_s(a, BITS), i32x4.shr_s(b, BITS));
  const high = i16x8.narrow_i32x4_s(i32x4.shr_s(c, BITS), i32x4.shr_s(d, BITS));
  return i8x16.narrow_i16x8_u(low, high);
}
