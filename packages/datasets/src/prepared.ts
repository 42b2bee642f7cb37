import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  openSync,
  readv as readvWithCallback,
  writevSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { codeOf, messageOf } from '@resizer-lab/base';
import type { Entry } from './manifest.ts';
import type { Size } from './transform.ts';

/** A file of prepared photos, and where in it each of them lies. */
export interface PreparedPlan {
  readonly file: string;
  /** Byte at which the slot of each photo of the split starts; last, the end of the file. */
  readonly slots: Float64Array<SharedArrayBuffer>;
}

/** At the start of a slot: the number of bytes that follow, and their CRC-32. */
const HEADER = 8;

const REFRESH_MS = 60_000;

const readv = promisify(readvWithCallback);

/** Slots of photos that lie one after the other; `sizeOf` is that of a prepared photo. */
export function slotsOf(entries: readonly Entry[], sizeOf: (entry: Entry) => Size): PreparedPlan['slots'] {
  const slots = new Float64Array(new SharedArrayBuffer((entries.length + 1) * 8));
  entries.forEach((entry, i) => {
    const [height, width] = sizeOf(entry);
    slots[i + 1] = slots[i]! + HEADER + height * width * 3;
  });
  return slots;
}

/**
 * A file of prepared photos as a thread uses it. Any number of processes may read and fill it at
 * once: each photo has its slot, whose content is the same whoever writes it, and a slot that was not
 * written, was written in part or is damaged fails its checksum. Nothing needs a lock or a repair.
 */
export class PreparedPhotos {
  private readonly plan: PreparedPlan;
  /** Told once, when the file cannot be written any more. */
  private readonly onFailure: (reason: string) => void;
  private file: number | undefined;
  private refreshed = -Infinity;
  private writable = true;

  constructor(plan: PreparedPlan, onFailure: (reason: string) => void) {
    this.plan = plan;
    this.onFailure = onFailure;
  }

  /**
   * To be called now and then, while nothing is being read. Once a minute it says that the file is in
   * use, and takes up the one that replaces it if it was removed.
   */
  refresh(): void {
    const now = Date.now();
    if (now - this.refreshed < REFRESH_MS) return;
    this.refreshed = now;
    try {
      if (this.file !== undefined && fstatSync(this.file).nlink === 0) this.close();
      this.file ??= openSync(this.plan.file, constants.O_RDWR);
      futimesSync(this.file, now / 1000, now / 1000);
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
    }
  }

  /** Reads a photo of the split into memory of its length; false where it is not there, or not whole. */
  async read(index: number, into: Uint8Array): Promise<boolean> {
    if (this.file === undefined) return false;
    const header = new DataView(new ArrayBuffer(HEADER));
    try {
      const { bytesRead } = await readv(this.file, [header, into], this.plan.slots[index]);
      return (
        bytesRead === HEADER + into.length &&
        header.getUint32(0) === into.length &&
        header.getUint32(4) === crc32(into)
      );
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      return false;
    }
  }

  /** Keeps a photo of the split, if it lies within what the file may hold. */
  write(index: number, data: Uint8Array): void {
    const [start, end] = [this.plan.slots[index]!, this.plan.slots[index + 1]!];
    if (!this.writable || this.file === undefined || HEADER + data.length !== end - start) return;
    const header = new DataView(new ArrayBuffer(HEADER));
    header.setUint32(0, data.length);
    header.setUint32(4, crc32(data));
    try {
      if (end > fstatSync(this.file).size) return;
      const written = writevSync(this.file, [header, data], start);
      if (written < HEADER + data.length) this.fail('the disk is full');
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      this.fail(code === 'ENOSPC' ? 'the disk is full' : messageOf(error));
    }
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  private fail(reason: string): void {
    this.writable = false;
    this.onFailure(reason);
  }
}
