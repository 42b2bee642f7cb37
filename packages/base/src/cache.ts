import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The user's folder for what can be made again: `RESIZER_CACHE`, or `resizer-lab` in
 * `XDG_CACHE_HOME`, or in `~/.cache`. Set-up keeps TensorFlow in it, too.
 */
export function cacheFolder(): string {
  const { RESIZER_CACHE: own, XDG_CACHE_HOME: shared } = process.env;
  return own || join(shared || join(homedir(), '.cache'), 'resizer-lab');
}
