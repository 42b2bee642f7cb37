import type { Duration } from '@resizer-lab/training';
import { z } from 'zod';

/** A duration as it stands in a resolved config: `{ epochs: 4 }`. */
export const resolvedDuration: z.ZodType<Duration> = z.union([
  z.strictObject({ epochs: z.int().min(1) }),
  z.strictObject({ steps: z.int().min(1) }),
]);

/** A duration as it is written in a config: `4 epochs`, `1 epoch`, `200 steps`. */
export const duration = z
  .string({ error: ({ input }) => needsUnit(input, ['epochs', 'steps']) })
  .regex(/^[1-9]\d{0,8} (epochs?|steps?)$/, {
    error: ({ input }) => needsUnit(input, ['epochs', 'steps']),
  })
  .transform(parseDuration);

/** A wall-clock time as it is written in a config: `2h`, `30min`, `90s`, `1.5h`; resolved to seconds. */
export const wallClock = z
  .string({ error: ({ input }) => needsUnit(input, ['h', 'min', 's']) })
  .regex(/^\d{1,6}(\.\d{1,3})? ?(h|min|s)$/, {
    error: ({ input }) => needsUnit(input, ['h', 'min', 's']),
  })
  .transform(parseSeconds)
  .pipe(z.number().positive());

function parseDuration(text: string): Duration {
  const count = Number.parseInt(text, 10);
  return text.includes('epoch') ? { epochs: count } : { steps: count };
}

function parseSeconds(text: string): number {
  const secondsOf = { h: 3600, min: 60, s: 1 };
  const unit = text.endsWith('h') ? 'h' : text.endsWith('min') ? 'min' : 's';
  return Number.parseFloat(text) * secondsOf[unit];
}

/** The message for a value without a unit, or with a wrong one. Undefined leaves it to the usual message. */
function needsUnit(value: unknown, units: readonly string[]): string | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const space = units.includes('h') ? '' : ' ';
  const number = typeof value === 'number' && value > 0 ? value : units.includes('h') ? 2 : 4;
  const examples = units.map((unit) => `"${number}${space}${unit}"`);
  const problem = typeof value === 'number' ? `is ${value}, without a unit` : `is ${JSON.stringify(value)}`;
  return `${problem}; must be a number with its unit, such as ${examples.join(' or ')}`;
}
