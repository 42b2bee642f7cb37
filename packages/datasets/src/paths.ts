import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { codeOf, messageOf, UserError } from '@resizer-lab/base';

/** Where data sets are looked for: `RESIZER_DATA`, or the folder `data` of the working directory. */
export function dataRoot(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.RESIZER_DATA || 'data');
}

/** Where weight files lie: `RESIZER_WEIGHTS`, or `weights` beside the folder of the data sets. */
export function weightsRoot(data: string = dataRoot()): string {
  return process.env.RESIZER_WEIGHTS || join(dirname(data), 'weights');
}

/** A path as it can stand in a one-line message: quoted if it holds control characters. */
export function printable(path: string): string {
  return /^[^\p{C}]*$/u.test(path) ? path : JSON.stringify(path);
}

/**
 * The real path of a folder or file of a data set, which must lie inside the data root.
 * @param path relative to the root, as given in a config or found by a scan.
 * @throws UserError when it is absent, absolute, or leaves the root by `..` or a symbolic link.
 */
export async function resolveInside(root: string, path: string): Promise<string> {
  const realRoot = await realRootOf(root);
  if (isAbsolute(path) || !contains(realRoot, resolve(realRoot, path))) {
    throw new UserError(
      `dataset path ${printable(path)} leaves the data root ${root}; give a path below it`,
      {
        exitCode: 2,
      },
    );
  }
  const real = await realpath(resolve(realRoot, path)).catch((error: unknown) => {
    throw missing(resolve(realRoot, path), error);
  });
  if (!contains(realRoot, real)) {
    throw new UserError(
      `${printable(path)} is a link out of the data root ${root}, to ${printable(real)}; ` +
        'put the data itself below the root, or set RESIZER_DATA to the folder that holds it',
    );
  }
  return real;
}

async function realRootOf(root: string): Promise<string> {
  try {
    return await realpath(root);
  } catch (error) {
    throw missing(root, error);
  }
}

function missing(path: string, error: unknown): UserError {
  const reason = codeOf(error) === 'ENOENT' ? 'does not exist' : `cannot be read (${messageOf(error)})`;
  return new UserError(
    `data: ${printable(path)} ${reason}; data sets are looked for below RESIZER_DATA, or below ./data if it is not set`,
    { cause: error },
  );
}

/** Whether `path` is `folder` or lies below it; both absolute and normalised. */
function contains(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
