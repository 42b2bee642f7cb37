import type { Cell, EstimateCell } from '@resizer-lab/report';
import { describe, expect, it } from 'vitest';
import { cellsOf } from './cells.ts';
import type { CellConfig } from './config.ts';
import { tablesOf } from './tables.ts';
import { configOf, record } from './testing.fixture.ts';

const truths = Array.from({ length: 80 }, (_, i) => 1 + 9 * ((i * 0.6180339887498949) % 1));
const arm = truths.map((truth, i) => ({ truth, predicted: truth + 1.5 * Math.sin(i * 1.7) }));
const control = truths.map((truth, i) => ({ truth, predicted: truth + 1.9 * Math.sin(i * 2.3 + 1) }));

async function configs(seed = 1): Promise<CellConfig[]> {
  const [, bicubic, learned] = cellsOf(await configOf(), [seed]).map(({ config }) => config);
  return [bicubic!, learned!];
}

const tables = (records: Parameters<typeof tablesOf>[0]) =>
  tablesOf(records, { name: 'tiny', title: 'Tiny' });
const value = (cell: Cell | undefined) => (cell as EstimateCell).value;

describe('the table of correlations', () => {
  // SciPy 1.17: pearsonr, spearmanr, kendalltau; curve_fit of the four-parameter logistic from
  // [10, 1, 5, 2]; p of Williams' t (Steiger 1980, eq. 7) by scipy.stats.t, for SRCC from spearmanr.
  const golden = {
    learned: {
      plcc: 0.9249986909571255,
      plcc_fitted: 0.9306932022040484,
      srcc: 0.9281762775433663,
      krcc: 0.7556962025316455,
      rmse: 1.0569288579110654,
      accuracy: 0.8625,
    },
    control: { plcc: 0.9028723920947723, srcc: 0.9072433192686358 },
    p: { plcc: 0.275837517864101, srcc: 0.2809951310919475 },
  };

  it('has the measures of SciPy, with intervals around them', async () => {
    const [bicubic, learned] = await configs();
    const [first] = await tables([await record(bicubic!, control), await record(learned!, arm)]);
    const [theirs, ours] = first!.rows;
    for (const [key, wanted] of Object.entries(golden.learned)) {
      expect(value(ours![key]), key).toBeCloseTo(wanted, key === 'plcc_fitted' ? 6 : 10);
      const { low, high } = ours![key] as EstimateCell;
      expect(low).toBeLessThan(wanted);
      expect(high).toBeGreaterThan(wanted);
    }
    expect(value(ours!['plcc_difference'])).toBeCloseTo(golden.learned.plcc - golden.control.plcc, 10);
    expect(value(ours!['srcc_difference'])).toBeCloseTo(golden.learned.srcc - golden.control.srcc, 10);
    expect((ours!['plcc_p'] as number) / golden.p.plcc).toBeCloseTo(1, 8);
    expect((ours!['srcc_p'] as number) / golden.p.srcc).toBeCloseTo(1, 8);
    expect(value(theirs!['plcc'])).toBeCloseTo(golden.control.plcc, 10);
    expect(theirs!['plcc_p']).toBeNull();
  });

  it('calls the arm with the higher correlation better, and says so where it must not be', async () => {
    const [bicubic, learned] = await configs();
    const noise = truths.map((truth, i) => ({ truth, predicted: 5 + Math.sin(i * 2.9) }));
    const [good] = await tables([await record(bicubic!, noise), await record(learned!, arm)]);
    expect(good!.rows.map(({ verdict }) => verdict)).toEqual([null, 'better']);
    const [bad] = await tables([
      await record(bicubic!, arm),
      await record({ ...learned!, expect: 'better' }, noise),
    ]);
    expect(bad!.rows[1]!['verdict']).toBe('worse, must be better');
    expect(bad!.alarms).toEqual([
      'mobilenetv2_0.35/learned must be better against mobilenetv2_0.35/bicubic, but is worse',
    ]);
  });

  it('has correlations without an interval where hardly any prediction differs', async () => {
    const [bicubic, learned] = await configs();
    const flat = truths.map((truth, i) => ({ truth, predicted: i < 2 ? 6 : 5 }));
    const [first] = await tables([await record(bicubic!, arm), await record(learned!, flat)]);
    // SciPy 1.17: pearsonr of the two lists.
    expect(first!.rows[1]!['plcc']).toEqual({
      ...{ value: expect.closeTo(-0.10504269655428705, 10) as number, low: null, high: null, unit: 'score' },
    });
    expect(first!.rows[1]!['plcc_difference']).toMatchObject({ low: null, high: null });
    expect(first!.rows[1]!['verdict']).toBe('worse');
  });

  it('is the same whenever it is made', async () => {
    const [bicubic, learned] = await configs();
    const records = [await record(bicubic!, control), await record(learned!, arm)];
    expect(await tables(records)).toEqual(await tables(records));
  });
});

describe('beside the paper', () => {
  it('stand our correlations, a blank where it is not known, and what was done otherwise', async () => {
    const [bicubic, learned] = await configs();
    const records = [
      await record(bicubic!, control),
      await record({ ...learned!, resizer: bilinearBase }, arm),
    ];
    const [, paper, claims] = await tables(records);
    expect(paper!.rows.map(({ resizer, plcc_paper: theirs }) => [resizer, theirs])).toEqual([
      ['bicubic', null],
      ['learned n=16 r=1', null],
    ]);
    const deviations = paper!.notes.filter((note) => note.startsWith('Deviation: ')).join('\n');
    expect(deviations).toContain('not those of AVA');
    expect(deviations).toContain('Only mean scores are known');
    expect(deviations).toContain('Base interpolation bilinear; the paper: bicubic');
    expect(claims!.rows.map(({ verdict }) => verdict)).toEqual(['inconclusive', 'not run']);
  });

  it('stands nothing for synthetic pictures', async () => {
    const all = await configs();
    const data = { kind: 'synthetic' };
    const records = await Promise.all(all.map((config) => record({ ...config, data }, arm)));
    expect((await tables(records)).map(({ name }) => name)).toEqual(['tiny-correlations']);
  });
});

const bilinearBase: CellConfig['resizer'] = {
  ...{ kind: 'learned', filters: 16, blocks: 1, base: 'bilinear', start: 'random', frozen: false },
};
