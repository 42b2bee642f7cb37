import { join } from 'node:path';
import { type Cell, type CellCost, type Plan, statesOf } from '@resizer-lab/suite';
import { type Calibration, flopsOf, secondsOf } from './duration.ts';

/** Cells that differ only in their seed. */
export interface Group {
  /** Their id without the seed. */
  readonly id: string;
  readonly cells: number;
  readonly done: number;
  /** Of all its cells that are not done. Null where the study has no estimates. */
  readonly toDo: Cost | null;
}

export interface Cost {
  /** Floating-point operations, two to a multiply-add. */
  readonly flops: number;
  /** On this machine; null where nothing was measured. */
  readonly hours: number | null;
  readonly diskBytes: number;
}

export interface ConfigPlan {
  readonly file: string;
  readonly suite: string;
  readonly config: string;
  readonly title: string;
  readonly groups: readonly Group[];
}

/** A cell of a plan, with what is known of it. */
export interface PlannedCell {
  readonly cell: Cell;
  readonly isDone: boolean;
  readonly cost: CellCost | undefined;
}

/** The cells of a plan, which of them are done, and what each costs. Runs nothing, and writes nothing. */
export async function plannedCells(
  { config, cells }: Plan,
  { results, dataRoot }: { results: string; dataRoot: string },
): Promise<PlannedCell[]> {
  const suiteDir = join(results, config.suite);
  const costs = await config.study.costs?.(cells, { dataRoot });
  const states = await statesOf(suiteDir, cells);
  return cells.map((cell, i) => ({ cell, isDone: states[i]?.state === 'done', cost: costs?.[i] }));
}

/** What the cells cost that are not done, where it is known. */
export function costsToDo(planned: readonly PlannedCell[]): CellCost[] {
  return planned.flatMap(({ isDone, cost }) => (isDone || cost === undefined ? [] : [cost]));
}

/** A config's cells, those that differ only in their seed in one group. Without a calibration hours are left out. */
export function configPlan(
  { config }: Plan,
  planned: readonly PlannedCell[],
  calibration: Calibration | undefined,
): ConfigPlan {
  const groups = new Map<string, PlannedCell[]>();
  for (const one of planned) {
    const id = one.cell.id.replace(/\/seed\d+$/, '');
    const group = groups.get(id);
    if (group) group.push(one);
    else groups.set(id, [one]);
  }
  return {
    ...{ file: config.file, suite: config.suite, config: config.name, title: config.title },
    groups: [...groups].map(([id, members]) => groupOf(id, members, calibration)),
  };
}

function groupOf(id: string, members: readonly PlannedCell[], calibration: Calibration | undefined): Group {
  const toDo = members.filter(({ isDone }) => !isDone);
  const costs = toDo.flatMap(({ cost }) => (cost === undefined ? [] : [costOf(cost, calibration)]));
  const isKnown = costs.length === toDo.length;
  return {
    id,
    cells: members.length,
    done: members.length - toDo.length,
    toDo: isKnown ? total(costs) : null,
  };
}

function costOf(cost: CellCost, calibration: Calibration | undefined): Cost {
  const seconds = calibration && secondsOf(cost, calibration);
  return {
    flops: sum(Object.values(flopsOf(cost))),
    hours: seconds === undefined ? null : seconds / 3600,
    diskBytes: cost.diskBytes,
  };
}

/** The sum of costs; hours are not known where those of one are not. */
export function total(costs: readonly Cost[]): Cost {
  const hours = costs.map((cost) => cost.hours);
  return {
    flops: sum(costs.map(({ flops }) => flops)),
    hours: hours.includes(null) ? null : sum(hours.map((each) => each ?? 0)),
    diskBytes: sum(costs.map(({ diskBytes }) => diskBytes)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
