import { describe, expect, it } from 'vitest';
import { duration, wallClock } from './index.ts';

describe('durations', () => {
  it.each([
    ['4 epochs', { epochs: 4 }],
    ['1 epoch', { epochs: 1 }],
    ['200 steps', { steps: 200 }],
    ['1 step', { steps: 1 }],
  ])('%s', (text, value) => expect(duration.parse(text)).toEqual(value));

  it.each([
    ['2h', 7200],
    ['30min', 1800],
    ['90s', 90],
    ['1.5 h', 5400],
  ])('%s', (text, value) => expect(wallClock.parse(text)).toBe(value));

  it.each([
    '',
    '4',
    'epochs',
    '0 epochs',
    '-1 epochs',
    '1.5 epochs',
    '4epochs',
    '4 epochs ',
    '9'.repeat(12) + ' steps',
  ])('refuses %j as a duration', (text) => expect(duration.safeParse(text).success).toBe(false));

  it.each(['', '2', 'h', '0s', '-1h', '2 days', '1e9s'])('refuses %j as a time', (text) =>
    expect(wallClock.safeParse(text).success).toBe(false),
  );
});
