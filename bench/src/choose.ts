import { UserError } from '@resizer-lab/base';
import { matches } from './work.ts';

/**
 * The items that an option names. It may be repeated, and each of its values may hold several patterns
 * with commas between them.
 * @param items all there are, by name; they keep their order
 * @param option its name without dashes
 * @throws UserError for a pattern that no item matches
 */
export function chosen<T>(
  items: ReadonlyMap<string, T>,
  values: readonly string[],
  { option }: { option: string },
): T[] {
  const names = [...items.keys()];
  const patterns = values.flatMap((value) => value.split(',')).map((pattern) => pattern.trim());
  const stray = patterns.find((pattern) => !names.some((name) => matches(name, pattern)));
  if (stray !== undefined) {
    throw new UserError(`--${option} ${stray} matches none of ${names.join(', ')}.`, { exitCode: 2 });
  }
  return [...items]
    .filter(([name]) => patterns.some((pattern) => matches(name, pattern)))
    .map(([, item]) => item);
}
