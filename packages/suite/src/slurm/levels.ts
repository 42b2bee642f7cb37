import type { Cell } from '../study.ts';

/** How a cell stands when its suite is submitted. `open`: a job is to be made for it. */
export type Standing =
  | { readonly kind: 'open' | 'done' | 'running' | 'failed' }
  /** Some array job of an earlier submission will run it, or does. */
  | { readonly kind: 'queued'; readonly job: string };

/** Cells that may run at the same time. */
export interface Level {
  readonly cells: readonly Cell[];
  /** Array jobs of earlier submissions that run what these cells need. */
  readonly awaits: readonly string[];
}

/** The cells of a suite, sorted for a submission. */
export interface Levels {
  /** What is submitted: a cell is in the first level in which all that it needs is in an earlier one. */
  readonly levels: readonly Level[];
  readonly left: Readonly<Record<'done' | 'running' | 'queued' | 'failed' | 'blocked', readonly Cell[]>>;
}

/**
 * Sorts cells into levels. Left out are those that are done, at work or queued, those that failed, and
 * (`blocked`) those that need one that failed.
 * @param cells each after those that it needs
 */
export function levelsOf(cells: readonly Cell[], standingOf: (cell: Cell) => Standing): Levels {
  const standings = new Map<string, Standing>();
  const levelOf = new Map<string, number>();
  const levels: { cells: Cell[]; awaits: Set<string> }[] = [];
  const left = { done: [], running: [], queued: [], failed: [], blocked: [] } as Record<
    keyof Levels['left'],
    Cell[]
  >;
  const lost = new Set<string>();
  for (const cell of cells) {
    const needs = Object.values(cell.needs);
    const standing = standingOf(cell);
    standings.set(cell.key, standing);
    const isBlocked = standing.kind === 'open' && needs.some((need) => lost.has(need));
    if (isBlocked || standing.kind !== 'open') {
      const why = standing.kind === 'open' ? 'blocked' : standing.kind;
      left[why].push(cell);
      if (why === 'failed' || why === 'blocked') lost.add(cell.key);
      continue;
    }
    const level = 1 + Math.max(-1, ...needs.map((need) => levelOf.get(need) ?? -1));
    levelOf.set(cell.key, level);
    const { cells: members, awaits } = (levels[level] ??= { cells: [], awaits: new Set() });
    members.push(cell);
    for (const need of needs) {
      const found = standings.get(need);
      if (found?.kind === 'queued') awaits.add(found.job);
    }
  }
  return { levels: levels.map((level) => ({ ...level, awaits: [...level.awaits] })), left };
}
