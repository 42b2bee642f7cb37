import { ByteReader } from './varint.ts';

type Fail = (problem: string) => never;

/**
 * The fields of a protocol buffer message by number, each with its values in order
 * (https://protobuf.dev/programming-guides/encoding/). It keeps views of the bytes.
 */
export class Message {
  readonly #numbers = new Map<number, bigint[]>();
  readonly #bytes = new Map<number, Uint8Array[]>();
  readonly #fail: Fail;

  constructor(bytes: Uint8Array, fail: Fail) {
    this.#fail = fail;
    const reader = new ByteReader(bytes, fail);
    while (reader.left > 0) {
      const tag = reader.varint();
      const field = Math.floor(tag / 8);
      const wireType = tag % 8;
      if (wireType === 0) append(this.#numbers, field, reader.varint64());
      else if (wireType === 1) append(this.#bytes, field, reader.take(8));
      else if (wireType === 2) append(this.#bytes, field, reader.take(reader.varint()));
      else if (wireType === 5) append(this.#bytes, field, reader.take(4));
      else fail('it has a field of no known kind');
    }
  }

  /** The last value of an integer field, 0 if there is none. */
  integer(field: number): number {
    const value = Number(this.#numbers.get(field)?.at(-1) ?? 0n);
    return Number.isSafeInteger(value) ? value : this.#fail('a number in it is out of range');
  }

  /** All values of a repeated integer field, packed or not. */
  integers(field: number): bigint[] {
    const values = [...(this.#numbers.get(field) ?? [])];
    for (const packed of this.#bytes.get(field) ?? []) {
      const reader = new ByteReader(packed, this.#fail);
      while (reader.left > 0) values.push(reader.varint64());
    }
    return values;
  }

  /** All values of a repeated fixed-width field, packed or not, one after the other. */
  fixed(field: number): Uint8Array {
    return Buffer.concat(this.#bytes.get(field) ?? []);
  }

  /** Whether a field of bytes, text, fixed width or a message is there. */
  has(field: number): boolean {
    return this.#bytes.has(field);
  }

  text(field: number): string {
    return new TextDecoder().decode(this.#bytes.get(field)?.at(-1));
  }

  message(field: number): Message {
    return new Message(this.#bytes.get(field)?.at(-1) ?? new Uint8Array(0), this.#fail);
  }

  messages(field: number): Message[] {
    return (this.#bytes.get(field) ?? []).map((bytes) => new Message(bytes, this.#fail));
  }
}

function append<T>(fields: Map<number, T[]>, field: number, value: T): void {
  const values = fields.get(field);
  if (values) values.push(value);
  else fields.set(field, [value]);
}
