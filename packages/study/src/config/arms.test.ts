import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { arms, armsOf, ownTarget } from './arms.ts';
import { pairedSections } from './sections.ts';
import { protocol } from './training.ts';

const bilinear = { kind: 'fixed', method: 'bilinear' };
const learned = { kind: 'learned' };

const parse = (list: object) => arms.safeParse({ duration: '2 epochs', rate: 0.1, list });

/** What a list of arms is refused with, by the path of its key. */
const problems = (list: object) =>
  Object.fromEntries(parse(list).error?.issues.map(({ path, message }) => [path.join('.'), message]) ?? []);

describe('arms', () => {
  it('with lists of filters and blocks stand for one arm each, named after what differs', () => {
    const { list } = parse({
      bilinear: { resizer: bilinear },
      grid: { resizer: { ...learned, filters: [16, 32], blocks: [1, 2] }, control: 'bilinear' },
      deep: { resizer: { ...learned, filters: 8, blocks: [3] }, control: 'bilinear' },
      plain: { resizer: learned, control: 'bilinear' },
    }).data!;
    expect(armsOf(list).map(([name]) => name)).toEqual([
      ...['bilinear', 'grid-n16-r1', 'grid-n16-r2', 'grid-n32-r1', 'grid-n32-r2'],
      ...['deep-r3', 'plain'],
    ]);
    const arm = Object.fromEntries(armsOf(list));
    expect(arm['grid-n16-r1']).toMatchObject({ control: 'bilinear', resizer: { filters: 16, blocks: 1 } });
    expect(arm['grid-n32-r2']).toMatchObject({ control: 'bilinear', resizer: { filters: 32, blocks: 2 } });
  });

  it('with a resizer that has weights need a control, MULLER too', () => {
    expect(problems({ a: { resizer: learned }, b: { resizer: { kind: 'muller' } } })).toEqual({
      'list.a': expect.stringContaining('has a learned resizer but no paired control') as string,
      'list.b': expect.stringContaining('has the MULLER resizer but no paired control') as string,
    });
    expect(
      problems({
        muller: { resizer: { kind: 'muller' }, control: 'bilinear' },
        bilinear: { resizer: bilinear },
        other: { resizer: learned, control: 'muller' },
      }),
    ).toEqual({ 'list.other.control': 'is "muller", which has no fixed resizer' });
  });

  it('differ from their control in nothing but the resizer', () => {
    const list = {
      bilinear: { resizer: bilinear },
      larger: { resizer: bilinear, target: 288 },
      frozen: { resizer: bilinear, backbone: 'frozen' },
    };
    const pair = (control: string, rest: object = {}) =>
      problems({ ...list, learned: { resizer: learned, control, ...rest } });
    expect(pair('bilinear')).toEqual({});
    expect(pair('frozen', { backbone: 'frozen' })).toEqual({});
    expect(pair('larger', { target: 288 })).toEqual({});
    const key = 'list.learned.control';
    expect(pair('larger')[key]).toBe(
      'is "larger", which has another `target`; a pair differs in its resizer alone',
    );
    expect(pair('bilinear', { backbone: 'frozen' })[key]).toBe(
      'is "bilinear", whose backbone is trained, while this arm\'s is frozen; a pair differs in its resizer alone',
    );
    // Two fixed resizers may be compared at other sizes: what does a larger input bring at equal cost?
    expect(problems({ ...list, other: { resizer: bilinear, control: 'larger' } })).toEqual({});
  });

  it('may give each backbone a size of its own, but then all of them', () => {
    const config = (target: object | number) =>
      pairedSections({ data: z.unknown(), training: protocol }).safeParse({
        ...{ data: {}, input: 48, target: 16, training: { batch: 8 } },
        backbones: [{ name: 'resnet50' }, { name: 'densenet121' }],
        baseline: { resizer: bilinear, duration: '1 epoch', rate: 0.1 },
        arms: { duration: '2 epochs', rate: 0.1, list: { larger: { resizer: bilinear, target } } },
      });
    const given = config({ resnet50: 20, densenet121: 24 }).data!;
    const sizes = given.backbones.map((backbone) => ownTarget(given.arms.list['larger']!, backbone));
    expect(sizes).toEqual([20, 24]);
    expect(config(32).success).toBe(true);
    expect(config({ resnet50: 20 }).error?.issues).toMatchObject([
      {
        path: ['arms', 'list', 'larger', 'target'],
        message: 'names no size for densenet121, a backbone here',
      },
    ]);
  });
});
