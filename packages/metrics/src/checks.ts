import { UserError } from '@resizer-lab/base';

/** A list of numbers: an array or a typed array. */
export type Numbers = ArrayLike<number>;

/**
 * A value and the bounds of its interval.
 * The confidence level belongs to the call that made it.
 */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** An estimate that may lack its interval: nulls. */
export interface OpenEstimate {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** How sure an interval shall be. */
export interface Confidence {
  /** Between 0 and 1. Default 0.95. */
  readonly confidence?: number;
}

/** @throws UserError unless `values` has at least `atLeast` (default 1) members and all are finite. */
export function checkNumbers(name: string, values: Numbers, atLeast = 1): void {
  if (values.length < atLeast) {
    throw new UserError(`${name} has ${values.length} values, and at least ${atLeast} are needed`);
  }
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new UserError(`${name}[${i}] is ${values[i]}, and every value must be a finite number`);
    }
  }
}

/** @throws UserError unless both lists pass {@link checkNumbers} and are equally long. */
export function checkPair(where: string, [x, y]: readonly [Numbers, Numbers], atLeast = 1): void {
  checkSameLength(where, [x.length, y.length]);
  checkNumbers(`${where}: x`, x, atLeast);
  checkNumbers(`${where}: y`, y, atLeast);
}

/** @throws UserError unless the two lengths are equal. */
export function checkSameLength(where: string, [first, second]: readonly [number, number]): void {
  if (first !== second) {
    throw new UserError(
      `${where}: lists of ${first} and ${second} values cannot be paired; pair them by item`,
    );
  }
}

/** @throws UserError unless `value` is a whole number from `low` to `high`. */
export function checkCount(name: string, value: number, [low, high]: readonly [number, number]): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new UserError(`${name} is ${value}, and must be a whole number from ${low} to ${high}`);
  }
}

/** @throws UserError unless low < value < high. */
export function checkInside(name: string, value: number, [low, high]: readonly [number, number]): void {
  if (!(value > low && value < high)) {
    throw new UserError(`${name} is ${value}, and must lie between ${low} and ${high}`);
  }
}

/** The confidence level asked for. @throws UserError unless it lies between 0 and 1. */
export function levelOf({ confidence = 0.95 }: Confidence): number {
  checkInside('confidence', confidence, [0, 1]);
  return confidence;
}
