/** Larger arrays are not kept for the next photo. */
const KEPT_BYTES = 4 * 2 ** 20;

const free: Uint8Array<ArrayBuffer>[] = [];

/**
 * Memory of this length for one photo, holding anything. A new array for each photo would make up a
 * third of the work: the system clears its pages, and the collector is called for each few hundred of them.
 */
export function borrow(length: number): Uint8Array<ArrayBuffer> {
  const last = free.pop();
  const buffer = last && last.buffer.byteLength >= length ? last.buffer : new ArrayBuffer(length);
  return new Uint8Array(buffer, 0, length);
}

/** Makes borrowed memory free for the next photo; nobody may look at it any more. */
export function giveBack(array: Uint8Array<ArrayBuffer>): void {
  if (array.buffer.byteLength <= KEPT_BYTES) free.push(array);
}
