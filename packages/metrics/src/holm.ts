import { UserError } from '@resizer-lab/base';
import { checkNumbers, type Numbers } from './checks.ts';

/**
 * Holm's step-down adjustment of a family of p values (Holm 1979): comparing the adjusted values with
 * α keeps the chance of any false rejection in the family at α. p: [m] → adjusted p in the same order.
 * @throws UserError for an empty family or a p outside 0 … 1.
 */
export function holm(p: Numbers): number[] {
  checkNumbers('p values', p);
  const values = Array.from(p);
  const outside = values.findIndex((value) => value < 0 || value > 1);
  if (outside >= 0) throw new UserError(`p values[${outside}] is ${values[outside]}, not in 0 … 1`);
  const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const adjusted = new Array<number>(values.length).fill(0);
  order.reduce((largest, index, rank) => {
    adjusted[index] = Math.min(1, Math.max(largest, (values.length - rank) * values[index]!));
    return adjusted[index];
  }, 0);
  return adjusted;
}
