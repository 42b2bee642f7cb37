/** Reads a byte string from its start to its end. `fail` throws the reader's error. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #fail: (problem: string) => never;
  #at = 0;

  constructor(bytes: Uint8Array, fail: (problem: string) => never) {
    this.#bytes = bytes;
    this.#fail = fail;
  }

  get left(): number {
    return this.#bytes.byteLength - this.#at;
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    if (length > this.left) return this.#fail('it ends within a value');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  u8(): number {
    return this.take(1)[0]!;
  }

  u32(): number {
    const bytes = this.take(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }

  /** A variable-length integer of up to 64 bits, least significant 7 bits first; signed as int64. */
  varint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    return this.#fail('a number in it does not end');
  }

  /** As `varint64`, for a size, a position or a number of the format. */
  varint(): number {
    const value = Number(this.varint64());
    return value >= 0 && Number.isSafeInteger(value) ? value : this.#fail('a number in it is out of range');
  }
}
