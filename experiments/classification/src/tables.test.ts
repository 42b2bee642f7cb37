import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import type { Cell, EstimateCell, Table } from '@resizer-lab/report';
import { type Probes, writePredictions } from '@resizer-lab/study';
import { describe, expect, it } from 'vitest';
import type { CellConfig } from './config.ts';
import type { ClassificationRecord } from './metrics.ts';
import { tablesOf } from './tables.ts';
import { ownFolder } from '@resizer-lab/study/testing';
import { cellConfig } from './testing.fixture.ts';

const N = 40;
const learned: Partial<CellConfig> = {
  arm: 'learned',
  control: 'fixed',
  resizer: { kind: 'learned', filters: 4, blocks: 2, base: 'bicubic', start: 'identity', frozen: false },
};

/** Ranks of 40 photos by what the control (first) and the arm (second) make of them: both right, only one, neither. */
function pairOfRanks({ both, control, arm }: { both: number; control: number; arm: number }) {
  const neither = N - both - control - arm;
  const ranks = (right: boolean[], wrongRank: number) => right.map((is) => (is ? 1 : wrongRank));
  const flags = [both, control, arm, neither].flatMap((count, kind) => Array<number>(count).fill(kind));
  return {
    control: ranks(
      flags.map((kind) => kind <= 1),
      2,
    ),
    arm: ranks(
      flags.map((kind) => kind === 0 || kind === 2),
      6,
    ),
  };
}

/** A finished cell made by hand: its predictions on the disk, one photo a rank. */
async function record(
  given: Partial<CellConfig>,
  ranks: readonly number[],
  { photos = 'photo', probes = null }: { photos?: string; probes?: Probes | null } = {},
): Promise<ClassificationRecord> {
  const directory = join(await ownFolder(), 'cell');
  await mkdir(directory);
  await writePredictions(
    directory,
    ranks.map((rank, i) => ({
      photo: `${photos}${i}`,
      label: 0,
      predicted: rank === 1 ? 0 : 1,
      rank,
      loss: 1,
    })),
  );
  const config = cellConfig(given);
  return {
    key: '0123456789abcdef',
    id: `${config.backbone}/${config.arm}/seed${config.seed}`,
    study: 'classification',
    config,
    data: {},
    needs: {},
    directory,
    measurements: {
      photos: N,
      trainingPhotos: 1,
      dropped: 0,
      top1Errors: 0,
      top5Errors: 0,
      loss: 1,
      parameters: 1,
      resizerWeights: 0,
      multiplyAdds: { resizer: 1e9, backbone: 5e8 },
      statistics: null,
      probes,
    },
    started: '',
    finished: '',
    seconds: 1,
    software: {},
  };
}

async function pair(counts: Parameters<typeof pairOfRanks>[0], given: Partial<CellConfig> = {}) {
  const ranks = pairOfRanks(counts);
  return [await record(given, ranks.control), await record({ ...learned, ...given }, ranks.arm)];
}

async function table(records: readonly ClassificationRecord[]): Promise<Table> {
  const tables = await tablesOf(records, { name: 'tiny', title: 'Tiny' });
  expect(tables.map(({ name }) => name)).toEqual(['tiny-errors']);
  return tables[0]!;
}

/** Value and bounds of a cell. */
const numbers = (cell: Cell | undefined) => {
  const { value, low, high } = cell as EstimateCell;
  return [value, low, high];
};
const expectNumbers = (cell: Cell | undefined, golden: number[]) =>
  numbers(cell).forEach((number, i) => expect(number).toBeCloseTo(golden[i]!, 6));

/*
 * Goldens: statsmodels 0.15 proportion_confint(method='wilson') and mcnemar(exact=True); Tango's bounds by
 * SciPy 1.17: the score statistic solved with brentq, its nuisance proportion found by minimising the
 * multinomial likelihood numerically, as in packages/metrics/goldens/make_goldens.py; Student's by stats.t.
 */
describe('the table of errors', () => {
  it('gives each error with its interval, and each arm against its control', async () => {
    const { rows, columns, title } = await table(await pair({ both: 25, control: 1, arm: 11 }));
    expect(title).toBe('Tiny');
    expect(rows).toHaveLength(2);
    const [fixed, arm] = rows;
    for (const row of rows) expect(Object.keys(row).sort()).toEqual(columns.map(({ key }) => key).sort());
    expect(fixed).toMatchObject({
      arm: 'fixed',
      resizer: 'bilinear',
      sizes: '48 → 16',
      seed: '1',
      n: 40,
      cost: 1.5,
      difference: null,
      p: null,
      verdict: null,
      cell: '0123456789abcdef',
    });
    expect(arm).toMatchObject({
      arm: 'learned',
      resizer: 'learned n=4 r=2 bicubic from identity',
      verdict: 'better',
    });
    expectNumbers(fixed!['top1'], [14 / 40, 0.22134528873176293, 0.5049411916274231]);
    expectNumbers(arm!['top1'], [4 / 40, 0.03957952868260635, 0.23051775227522303]);
    expectNumbers(fixed!['top5'], [0, 0, 0.08762160119728668]);
    expectNumbers(arm!['top5'], [4 / 40, 0.03957952868260635, 0.23051775227522303]);
    expectNumbers(arm!['difference'], [-0.25, -0.410781101907598, -0.0963348899577009]);
    expect(arm!['p']).toBeCloseTo(0.00634765625, 10);
  });

  it.each([
    [{ both: 25, control: 11, arm: 1 }, 'worse'],
    [{ both: 25, control: 1, arm: 11 }, 'better'],
    [{ both: 20, control: 6, arm: 6 }, 'tie'],
    [{ both: 40, control: 0, arm: 0 }, 'tie'],
  ] as const)(
    'with %o says %s; a control experiment that must be otherwise is an alarm',
    async (counts, verdict) => {
      const plain = await table(await pair(counts));
      expect(plain.rows[1]!['verdict']).toBe(verdict);
      expect(plain.alarms).toEqual([]);
      for (const expected of ['better', 'tie'] as const) {
        const ranks = pairOfRanks(counts);
        const records = [
          await record({}, ranks.control),
          await record({ ...learned, expect: expected }, ranks.arm),
        ];
        const { rows, alarms } = await table(records);
        const isRight = expected === verdict;
        expect(rows[1]!['verdict']).toBe(
          isRight ? `${verdict}, as it must` : `${verdict}, must be ${expected}`,
        );
        const alarm = `mobilenetv2_0.35/learned/seed1 must be ${expected} against mobilenetv2_0.35/fixed/seed1, but is ${verdict}`;
        expect(alarms).toEqual(isRight ? [] : [alarm]);
      }
    },
  );

  it('gives a tie its interval', async () => {
    const { rows } = await table(await pair({ both: 20, control: 6, arm: 6 }));
    expectNumbers(rows[1]!['difference'], [0, -0.1779347123720371, 0.1779347126572262]);
    expect(rows[1]!['p']).toBe(1);
  });

  it('of several seeds pairs within a seed, and adds the mean over them', async () => {
    // Errors of the arm 4/40 and 8/40, of its control 14/40 and 9/40.
    const first = await pair({ both: 25, control: 1, arm: 11 }, { seed: 1 });
    const second = await pair({ both: 27, control: 4, arm: 5 }, { seed: 2 });
    const { rows, notes } = await table([...first, ...second]);
    expect(rows.map(({ arm, seed }) => [arm, seed])).toEqual([
      ['fixed', '1'],
      ['learned', '1'],
      ['fixed', '2'],
      ['learned', '2'],
      ['fixed', 'mean of 2'],
      ['learned', 'mean of 2'],
    ]);
    const [, , , other, , mean] = rows;
    expect(numbers(other!['difference'])[0]).toBeCloseTo(-1 / 40, 12);
    expectNumbers(mean!['top1'], [0.15, -0.48531023680873475, 0.7853102368087348]);
    expectNumbers(mean!['difference'], [-0.1375, -1.5669480328196528, 1.2919480328196529]);
    expect(mean).toMatchObject({ p: null, verdict: null, cell: null });
    expect(notes[0]).toMatch(/^Seeds: 1, 2\. /);
    expect(notes[1]).toBe(
      "Every arm starts from the baseline's checkpoint and trains for another 1 epoch, in the same order of photos (batch 8).",
    );
  });

  it('of an arm whose control is not finished leaves the comparison blank', async () => {
    const [, arm] = await pair({ both: 25, control: 1, arm: 11 });
    const { rows, alarms } = await table([arm!]);
    expect(rows[0]).toMatchObject({ difference: null, p: null, verdict: null });
    expect(alarms).toEqual([]);
  });

  it.each(['other photo', 'fewer'])('of a pair that predicts other photos is refused (%s)', async (how) => {
    const { control, arm } = pairOfRanks({ both: 25, control: 1, arm: 11 });
    const fixed = await record({}, how === 'fewer' ? control.slice(1) : control, {
      photos: how === 'fewer' ? 'photo' : 'x',
    });
    const other = await record(learned, arm);
    await expect(table([fixed, other])).rejects.toThrow(
      new UserError(
        `The cells ${other.directory} and ${fixed.directory} are a pair, but predict other photos. Run them again.`,
      ),
    );
  });

  it.each(['', '{', '{"photo":"a","label":0,"predicted":0,"rank":0,"loss":1}'])(
    'of predictions that are damaged is refused: %j',
    async (text) => {
      const cell = await record({}, [1, 2]);
      await writeFile(join(cell.directory, 'predictions.jsonl'), text);
      const error = await table([cell]).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UserError);
      expect((error as Error).message).toMatch(
        /^\S+predictions\.jsonl:1 is damaged: [^\n]*\. Remove the cell's folder and run again\.$/,
      );
    },
  );

  it('has an alarm for a learned resizer that was not at work', async () => {
    const right: Probes = {
      outputShape: [16, 16, 3],
      sizeIsTarget: true,
      differenceFromInterpolation: 0.1,
      differenceFromInput: null,
      weights: { 'resizer/conv_out/kernel': { gradient: 1, moved: 0.1 } },
    };
    const alarmsOf = async (probes: Partial<Probes>) => {
      const ranks = pairOfRanks({ both: 40, control: 0, arm: 0 });
      const arm = await record(learned, ranks.arm, { probes: { ...right, ...probes } });
      const { alarms } = await table([await record({}, ranks.control), arm]);
      return alarms?.map((alarm) => alarm.replace('mobilenetv2_0.35/learned/seed1: ', ''));
    };
    expect(await alarmsOf({})).toEqual([]);
    expect(await alarmsOf({ sizeIsTarget: false, outputShape: [8, 16, 3] })).toEqual([
      'its output is 8 × 16 × 3, not the target size',
    ]);
    expect(await alarmsOf({ differenceFromInterpolation: 0 })).toEqual([
      'its output is the base interpolation',
    ]);
    expect(await alarmsOf({ differenceFromInput: 0 })).toEqual(['its output is its input']);
    expect(
      await alarmsOf({ weights: { a: { gradient: 0, moved: 1 }, b: { gradient: 1, moved: 0 } } }),
    ).toEqual(['no gradient reaches a', 'b did not move']);
  });
});

describe('the tables of real photos', () => {
  const photos = {
    data: { kind: 'folder', path: 'imagenette' },
    backbone: 'densenet121',
    target: 224,
  } as const;
  const sized = { ...photos, range: 'densenet121', input: 448 } as const;
  const plain = { ...learned.resizer, filters: 16, blocks: 1, base: 'bilinear', start: 'random' } as never;

  it('are the errors, the paper beside ours, and the claims', async () => {
    const records = await pair({ both: 25, control: 1, arm: 11 }, { ...sized });
    const [control, arm] = records;
    const tables = await tablesOf([control!, { ...arm!, config: { ...arm!.config, resizer: plain } }], {
      name: 'tiny',
      title: 'Tiny',
    });
    expect(tables.map(({ name }) => name)).toEqual([
      ...['tiny-errors', 'tiny-paper', 'tiny-claims', 'tiny-comparisons'],
    ]);
    const [errors, paper, claims, comparisons] = tables;
    expect(errors!.notes).toContain(
      "Top-k errors of 1 training and 40 test photos of imagenette; the paper's are of ImageNet.",
    );
    expect(
      paper!.rows.map((row) => [row['resizer'], row['top1_paper'], row['resizer_weights_paper']]),
    ).toEqual([
      ['bilinear', null, null],
      ['learned n=16 r=1', null, { value: 11000, low: null, high: null, unit: 'count' }],
    ]);
    const top5 = (row: Table['rows'][number]) => (row['top5_paper'] as EstimateCell).value;
    expect(paper!.rows.map(top5)).toEqual([0.128, 0.108]);
    expectNumbers(paper!.rows[1]!['top1'], [4 / 40, 0.03957952868260635, 0.23051775227522303]);
    expect(claims!.rows.map(({ verdict }) => verdict)).toEqual([
      'inconclusive',
      'not run',
      'not run',
      'not run',
    ]);
    expect(claims!.rows[0]!['evidence']).toBe('1 compared: 0 for, 0 against, 1 open; 1 seed of 3 needed');
    expect(comparisons!.rows).toEqual([
      {
        ...{ id: 'learned-beats-fixed', compared: 'densenet121, 448 → 224: learned against fixed' },
        ...{ seeds: 1, p: null, adjusted: 1, outcome: 'open' },
        difference: { value: -0.25, low: null, high: null, unit: 'points' },
      },
    ]);
  });

  it('give no number of the paper for another backbone or size', async () => {
    const records = await pair({ both: 25, control: 1, arm: 11 }, { ...sized, backbone: 'resnet50' });
    const [, paper] = await tablesOf(records, { name: 'tiny', title: 'Tiny' });
    for (const row of paper!.rows) expect(row).toMatchObject({ top5_paper: null, gflop_paper: null });
  });
});

describe('errors by other batch-norm statistics', () => {
  it('stand beside those by moving ones, with the gap', async () => {
    const { control } = pairOfRanks({ both: 25, control: 1, arm: 11 });
    const cell = await record({}, control);
    const errors = (top1Errors: number) => ({ top1Errors, top5Errors: 0, loss: 1 });
    const statistics = { batch: errors(8), reestimated: errors(4) };
    const measured = { ...cell, measurements: { ...cell.measurements, top1Errors: 14, statistics } };
    const { columns, rows } = await table([measured]);
    expect(columns.map(({ key }) => key)).toEqual(
      expect.arrayContaining(['top1_batch', 'top1_reestimated', 'gap']),
    );
    expect(numbers(rows[0]!['top1_batch'])[0]).toBe(0.2);
    expect(numbers(rows[0]!['top1_reestimated'])[0]).toBe(0.1);
    expect(rows[0]!['gap']).toEqual({ value: 0.25, low: null, high: null, unit: 'points' });
    expect((await table([cell])).columns.map(({ key }) => key)).not.toContain('gap');
  });
});
