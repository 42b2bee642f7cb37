/**
 * Something that the person running set-up has to know or do: one line that names the thing and the
 * next step. Its stack is never shown.
 */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError';
}

/**
 * One line for anything that was thrown during set-up.
 * @param {unknown} error
 * @returns {string}
 */
export function explain(error) {
  if (error instanceof SetupError) return error.message;
  if (!(error instanceof Error)) return `Set-up failed: ${String(error)}`;
  const { code, path } = /** @type {NodeJS.ErrnoException} */ (error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(path);
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return `Set-up may not write ${path ?? 'its files'} (${code}). Correct its permissions, or set RESIZER_CACHE to a folder that you may write.`;
  }
  return `Set-up failed: ${error.message}`;
}

/**
 * @param {string} [where] the file or folder that was being written
 * @returns {string}
 */
export function diskFull(where) {
  return `The disk is full${where ? ` (writing ${where})` : ''}. Free some space, or set RESIZER_CACHE to a folder on another disk; then run \`npm run setup\` again.`;
}
