import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cell, expand } from '@resizer-lab/suite';
import { expect, it } from 'vitest';
import type { z } from 'zod';
import { cellsOf } from './cells.ts';
import type { CellConfig } from './config.ts';
import { generalisation } from './index.ts';
import type { GeneralisationRecord, measurementsSchema } from './records.ts';
import { ownFolder } from '@resizer-lab/study/testing';
import { configOf } from './testing.fixture.ts';

/** Runs cells of a config in this process, as the suite does in many, and makes their tables. */
async function tablesOfRun(ids: readonly string[], changes: Record<string, string>) {
  const root = await ownFolder();
  const specs = cellsOf(await configOf(changes), [1]);
  const cells = expand(specs, { study: 'generalisation', hashes: { photos: 'p' }, file: 'tiny.yaml' });
  const records: GeneralisationRecord[] = [];
  const wanted = cells.filter(({ id }) => ids.includes(id.replace('/seed1', '')));
  for (const cell of wanted as Cell<CellConfig>[]) {
    const directory = join(root, cell.key);
    await mkdir(directory);
    const measured: z.infer<typeof measurementsSchema> = generalisation.measurements.parse(
      await generalisation.run(cell, {
        ...{ directory, dataRoot: root, signal: new AbortController().signal },
        need: (role) => join(root, cell.needs[role]!),
        progress: () => undefined,
      }),
    );
    const times = { started: '', finished: '', seconds: 1, software: {} };
    records.push({ ...cell, directory, measurements: measured, ...times });
  }
  return {
    records,
    tables: await generalisation.tables(records, { name: 'tiny', title: 'Tiny', seeds: [1] }),
  };
}

const [target, source] = ['mobilenetv2_0.35', 'efficientnet_lite0'];

it('a resizer goes from the backbone that it was trained with before another, and is tuned there', async () => {
  const swapped = ['zero-shot', 'fine-tuned'].map((swap) => `${target}/${swap}-from-${source}`);
  const own = `${source}/zero-shot-from-${source}`;
  const starts = [`${target}/baseline`, `${source}/baseline`, `${target}/fixed`, `${source}/own`];
  const { records, tables } = await tablesOfRun([...starts, ...swapped, own], {
    '{ name: resnet50, weights: resnet.safetensors }': `name: ${source}`,
    'duration: 3 epochs': 'duration: 1 step',
    'swap:': 'swap:\n  duration: 1 step',
  });
  const probesOf = (id: string) =>
    records.find((record) => record.id === `${id}/seed1`)!.measurements.probes!;
  const [unchanged, tuned] = swapped.map(probesOf);
  for (const [weight, { moved }] of Object.entries(unchanged!.weights)) {
    expect(moved, weight).toBe(0);
    expect(tuned!.weights[weight]!.moved, weight).toBeGreaterThan(0);
  }
  // The same resizer on the same photos, whatever it stands before: its output is in its own range.
  const { differenceFromInterpolation } = probesOf(own);
  expect(unchanged!.differenceFromInterpolation).toBe(differenceFromInterpolation);

  const [fineTuned, zeroShot, differences, parity] = tables;
  for (const table of [fineTuned!, zeroShot!]) {
    expect(table.rows[0]).toMatchObject({ target, [`from_${source}`]: { unit: 'percent' } });
    // What is not finished is a blank.
    expect(table.rows[0]).toMatchObject({ [`from_${target}`]: null });
  }
  expect(differences!.rows[1]).toMatchObject({ target, [`from_${source}`]: { unit: 'points' } });
  expect(parity!.rows).toMatchObject([{ target, source, to_random: null }]);
}, 120_000);
