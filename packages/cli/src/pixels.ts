import { InvalidArgumentError } from '@commander-js/extra-typings';

/** A size or a count from the command line. @throws InvalidArgumentError, which says what it must be */
export function pixels(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 8192) return value;
  throw new InvalidArgumentError('It must be a whole number from 1 to 8192.');
}
