import { describe, expect, it } from 'vitest';
import { type Claims, judge } from './claims.ts';
import { difference, judged, type Judged, learned } from '../scored.fixture.ts';

const claims: Claims = {
  ...{ rule: 'in words', seeds: 3, alpha: 0.05 },
  claims: [
    {
      ...{ id: 'better', claim: 'It is better', source: 'here' },
      ...{ arms: { resizer: 'learned', backbone: 'trained' }, against: 'control' },
    },
  ],
};
const [claim] = claims.claims;
const verdictOn = (scored: Judged[], given: Partial<typeof claim> = {}, comparison = difference) =>
  judge({ ...claim!, ...given }, scored, { claims, comparison });

const arm = { arm: 'learned', control: 'bilinear', resizer: learned };

/** Pairs of an arm and its control, a pair a seed, by the arm's difference. */
const pairs = (differences: number[], given: { backbone?: 'densenet121' } = {}) =>
  differences.flatMap((value, i) => {
    const seed = { seed: i + 1, ...given };
    return [judged(0.5, seed), judged(0.5 + value, { ...arm, ...seed })];
  });

const clear = [-0.1, -0.11, -0.12];

describe('the verdict on a claim', () => {
  it.each([
    ['reproduced', clear],
    ['not reproduced', [0.1, 0.11, 0.12]],
    ['inconclusive', [-0.1, 0.05, -0.2]],
    // Three seeds are needed, however clear two are.
    ['inconclusive', [-0.1, -0.1001]],
    ['inconclusive', [-0.1]],
    ['not run', []],
  ] as const)('is %s for differences of %j', (verdict, differences) => {
    expect(verdictOn(pairs([...differences])).verdict).toBe(verdict);
  });

  it('asks for all comparisons, and names each', () => {
    const other = { backbone: 'densenet121' } as const;
    expect(verdictOn([...pairs(clear), ...pairs(clear, other)]).verdict).toBe('reproduced');
    const mixed = verdictOn([...pairs(clear), ...pairs([0.1, 0.11, 0.12], other)]);
    expect(mixed).toMatchObject({
      verdict: 'not reproduced',
      evidence: '2 compared: 1 for, 1 against, 0 open',
    });
    expect(mixed.comparisons.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['resnet50, 48 → 16: learned against bilinear', 'for'],
      ['densenet121, 48 → 16: learned against bilinear', 'against'],
    ]);
  });

  it('takes a metric that is better when higher the other way round', () => {
    const higher = { ...difference, better: 'higher' as const };
    expect(verdictOn(pairs(clear), {}, higher).verdict).toBe('not reproduced');
  });

  it('speaks of the arms that it names alone', () => {
    const frozen = { resizer: 'learned', backbone: 'frozen' } as const;
    expect(verdictOn(pairs(clear), { arms: frozen }).verdict).toBe('not run');
    expect(verdictOn(pairs(clear), { arms: { resizer: 'muller', backbone: 'trained' } }).verdict).toBe(
      'not run',
    );
  });

  it('against a larger input takes the fixed resizer of the nearest cost', () => {
    const scored = [1, 2, 3].flatMap((seed) => [
      judged(0.5, { seed }, 100),
      judged(0.2, { seed, arm: 'larger', target: 24 }, 160),
      judged(0.6, { seed, arm: 'near', target: 20 }, 130),
      judged(0.4 + seed / 1000, { ...arm, seed }, 125),
    ]);
    const { verdict, comparisons } = verdictOn(scored, { against: 'larger input' });
    expect(verdict).toBe('reproduced');
    expect(comparisons[0]!.name).toBe('resnet50, 48 → 16: learned against near (to 20)');
    expect(verdictOn(pairs(clear), { against: 'larger input' }).verdict).toBe('not run');
  });
});
