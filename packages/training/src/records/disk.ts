import { writeSync } from 'node:fs';
import { codeOf, messageOf, UserError } from '@resizer-lab/base';

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is larger than the file system or a limit of this account allows',
  EROFS: 'the disk is mounted read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EIO: 'the disk reports an input/output error',
};

/** Why a file could not be written, in words; looks through the causes of wrapped errors. */
export function reasonOf(error: unknown): string {
  for (let e = error; e instanceof Error; e = e.cause) {
    const reason = reasons[codeOf(e) ?? ''];
    if (reason !== undefined) return reason;
  }
  return messageOf(error);
}

/** `work()`, where any failure becomes a UserError that names the file and says that the run can be resumed. */
export function writing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `cannot write ${path}: ${reasonOf(error)}. Correct that and start again; the run resumes from its last checkpoint`,
      { cause: error },
    );
  }
}

/**
 * Writes all bytes at the end of a file that was opened for appending. One `write` may store
 * only a part, without an error, when the disk fills up; the next one then says so.
 */
export function append(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}
