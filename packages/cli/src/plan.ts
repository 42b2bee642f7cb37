import { join } from 'node:path';
import { type Cell, type CellCost, type Plan, statesOf } from '@resizer-lab/suite';
import type { Rate } from './calibration.ts';

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

type Counted = Record<string, number>;

/**
 * Operations of a cell by part of its network. A training step takes three times those of a forward
 * pass: besides it, the gradients of activations and of weights, each as many.
 */
function flopsOf({ trainingImages, evaluationImages, multiplyAdds }: CellCost): Counted {
  const passes = 3 * trainingImages + evaluationImages;
  return Object.fromEntries(Object.entries(multiplyAdds).map(([part, each]) => [part, 2 * passes * each]));
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

/** The parts of networks of which the time must be known: those of cells that are not done. */
export function partsOf(planned: readonly PlannedCell[]): string[] {
  const parts = planned.flatMap(({ isDone, cost }) =>
    isDone || cost === undefined
      ? []
      : Object.entries(cost.multiplyAdds).flatMap(([part, each]) => (each > 0 ? [part] : [])),
  );
  return [...new Set(parts)].sort();
}

/** A config's cells, those that differ only in their seed in one group. `rates`: none leaves out hours. */
export function configPlan(
  { config }: Plan,
  planned: readonly PlannedCell[],
  rates: readonly Rate[] | undefined,
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
    groups: [...groups].map(([id, members]) => groupOf(id, members, rates)),
  };
}

function groupOf(id: string, members: readonly PlannedCell[], rates: readonly Rate[] | undefined): Group {
  const toDo = members.filter(({ isDone }) => !isDone);
  const costs = toDo.flatMap(({ cost }) => (cost === undefined ? [] : [costOf(cost, rates)]));
  const isKnown = costs.length === toDo.length;
  return {
    id,
    cells: members.length,
    done: members.length - toDo.length,
    toDo: isKnown ? total(costs) : null,
  };
}

function costOf(cost: CellCost, rates: readonly Rate[] | undefined): Cost {
  const flops = flopsOf(cost);
  const seconds = Object.entries(flops).map(([part, count]) => {
    if (count === 0) return 0;
    const rate = rates?.find((candidate) => candidate.part === part);
    return rate === undefined ? Number.NaN : count / rate.flops;
  });
  const hours = sum(seconds) / 3600;
  return {
    flops: sum(Object.values(flops)),
    hours: Number.isNaN(hours) ? null : hours,
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
