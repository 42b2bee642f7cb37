import { UserError } from '@resizer-lab/base';
import { count } from './tensor.ts';

/**
 * Random access to the bytes of an untrusted file. All reading together is limited to a small multiple
 * of the file's size, so that a file whose parts point to each other in circles, or to the same bytes
 * again and again, ends in an error instead of running or growing without end.
 */
export class BoundedBytes {
  readonly name: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #budget: number;

  constructor(bytes: Uint8Array, name: string) {
    this.name = name;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#budget = 8 * bytes.byteLength + 4096;
  }

  /** @throws UserError, always: the file is damaged, and how. */
  fail = (problem: string): never => {
    throw new UserError(`${this.name} is damaged or cut short: ${problem}.`);
  };

  u8(at: number): number {
    return this.#view.getUint8(this.#claim(at, 1));
  }

  u16(at: number): number {
    return this.#view.getUint16(this.#claim(at, 2), true);
  }

  u32(at: number): number {
    return this.#view.getUint32(this.#claim(at, 4), true);
  }

  /** 64 bits; values above 2⁵³ (such as an undefined address) come out inexact, and as no valid position. */
  u64(at: number): number {
    return Number(this.#view.getBigUint64(this.#claim(at, 8), true));
  }

  /** A copy, in a buffer of its own. */
  copy(at: number, length: number): Uint8Array {
    this.#claim(at, length);
    return new Uint8Array(this.#bytes.subarray(at, at + length));
  }

  /** ASCII, or UTF-8, up to a NUL or the length. */
  text(at: number, length: number): string {
    this.#claim(at, length);
    const field = this.#bytes.subarray(at, at + length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
  }

  /** Text that ends with a NUL, which comes before `limit`. */
  terminatedText(at: number, limit: number): string {
    this.#claim(at, 1);
    const end = this.#bytes.indexOf(0, at);
    if (end < 0 || end >= limit) return this.fail(`a name at byte ${count(at)} does not end`);
    return this.text(at, end - at);
  }

  #claim(at: number, length: number): number {
    if (!(Number.isSafeInteger(at) && Number.isSafeInteger(length) && at >= 0 && length >= 0)) {
      this.fail('it points to a place that no file has');
    }
    if (at + length > this.#bytes.byteLength) {
      this.fail(`byte ${count(at + length)} is needed, it has ${count(this.#bytes.byteLength)}`);
    }
    // Also what costs no bytes costs something, or an endless loop could be free.
    this.#budget -= Math.max(length, 1);
    if (this.#budget < 0) this.fail('its parts refer to each other without end');
    return at;
  }
}
