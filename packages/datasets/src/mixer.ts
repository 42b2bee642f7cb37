import { readFileSync } from 'node:fs';
import type { Taps } from './taps.ts';

/** Where rows of pixels lie in a mixer's memory. */
export interface Rows {
  readonly at: number;
  /** Bytes from row to row. */
  readonly stride: number;
}

interface Memory {
  readonly buffer: ArrayBuffer;
  readonly grow: (pages: number) => number;
}

/** Of Node's types these are missing: the part of https://webassembly.github.io/spec/js-api/ used here. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (options: { readonly initial: number }) => Memory;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

const compiled = new WebAssembly.Module(readFileSync(new URL('../wasm/mix.wasm', import.meta.url)));

const PAGE = 65_536;

/** Eight numbers; see `Work` in wasm/mix.ts. */
const WORK_BYTES = 32;

/** What must be free behind an array, and what addresses are a multiple of. */
const SPARE = 16;

/** The compiled inner loops with their memory, into which everything is laid anew for each photo. */
class Mixer {
  private readonly memory = new WebAssembly.Memory({ initial: 1 });
  private readonly loops = new WebAssembly.Instance(compiled, { env: { memory: this.memory } }).exports as {
    readonly mixColumns: (work: number) => void;
    readonly mixRows: (work: number) => void;
  };
  private bytes = new Uint8Array(this.memory.buffer);
  private used = 0;

  /** Forgets what was laid into the memory. */
  start(bytes: number): this {
    const missing = bytes - this.bytes.length;
    if (missing > 0) {
      this.memory.grow(Math.ceil(missing / PAGE));
      this.bytes = new Uint8Array(this.memory.buffer);
    }
    this.used = WORK_BYTES;
    return this;
  }

  /** @returns the address of the copy */
  put(array: Uint8Array | Int32Array): number {
    const at = this.reserve(array.byteLength);
    this.bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    return at;
  }

  take(at: number, length: number): Uint8Array {
    return this.bytes.slice(at, at + length);
  }

  mixColumns(from: Rows, height: number, taps: Taps): Rows {
    const stride = taps.start.length * 3;
    const to = { at: this.reserve(stride * height), stride };
    this.loops.mixColumns(this.work(from, to, { lines: height, taps }));
    return to;
  }

  mixRows(from: Rows, length: number, taps: Taps): Rows {
    const to = { at: this.reserve(length * taps.start.length), stride: length };
    this.loops.mixRows(this.work(from, to, { lines: length, taps }));
    return to;
  }

  private work(from: Rows, to: Rows, { lines, taps }: { lines: number; taps: Taps }): number {
    const { start, offset, weights } = taps;
    const tables = [this.put(start), this.put(offset), this.put(weights)];
    new Int32Array(this.memory.buffer).set([from.at, from.stride, to.at, lines, start.length, ...tables]);
    return 0;
  }

  private reserve(length: number): number {
    const at = this.used;
    this.used += reserved(length);
    return at;
  }
}

function reserved(length: number): number {
  return Math.ceil(length / SPARE) * SPARE + SPARE;
}

/** A mixer with more memory than this is not kept: memory of WebAssembly never shrinks. */
const KEPT_BYTES = 64 * 2 ** 20;

let kept: Mixer | undefined;

/**
 * A mixer with room for pixels (bytes of a photo, of what lies between the two sides, and of the
 * result) and for taps. It is the same one again and again: whoever gets it takes the result before
 * anybody else asks for it.
 */
export function mixerFor(pixels: number, ...taps: readonly (Taps | undefined)[]): Mixer {
  const arrays = taps.flatMap((side) => (side ? [side.start, side.offset, side.weights] : []));
  const tables = arrays.reduce((sum, { byteLength }) => sum + reserved(byteLength), 0);
  const bytes = WORK_BYTES + pixels + 4 * SPARE * 2 + tables;
  if (bytes > KEPT_BYTES) return new Mixer().start(bytes);
  kept ??= new Mixer();
  return kept.start(bytes);
}
