import { canonicalJson, hashOf, messageOf, UserError } from '@resizer-lab/base';
import type { SuiteConfig } from './config.ts';
import type { Cell, CellSpec } from './study.ts';

/** A config expanded: its cells, each after those that it needs. */
export interface Plan {
  readonly config: SuiteConfig;
  readonly cells: readonly Cell[];
}

/**
 * Expands configs into cells. Runs nothing and writes nothing, but data manifests are looked up.
 * @throws UserError for missing data, and (2) for cells that cannot be run as a suite.
 */
export async function planSuite(
  configs: readonly SuiteConfig[],
  { dataRoot }: { dataRoot: string },
): Promise<Plan[]> {
  refuseSameName(configs);
  const plans: Plan[] = [];
  for (const config of configs) {
    const hashes = await config.study.datasets(config.config, { dataRoot });
    const specs = config.study.cells(config.config, config.seeds);
    plans.push({ config, cells: expand(specs, { study: config.study.name, hashes, file: config.file }) });
  }
  return plans;
}

/**
 * The identity of a cell: the first 16 hex digits of the hash of all that its result depends on. Its
 * id is not part of it: two configs that ask for the same work in other words share it.
 */
export function keyOf({ study, config, data, needs }: Omit<Cell, 'key' | 'id'>): string {
  return hashOf({ study, config, data, needs }).slice(0, 16);
}

/**
 * Cells with their keys, in an order in which they can be run.
 * @throws UserError (2) for two cells of one id or one key, needs that are no cell or go in a circle,
 * data that the study does not have, and a cell without its paired control.
 */
export function expand(
  specs: readonly CellSpec<unknown>[],
  { study, hashes, file }: { study: string; hashes: Readonly<Record<string, string>>; file: string },
): Cell[] {
  const refuse = (what: string): never => {
    throw new UserError(`${file}: ${what}`, { exitCode: 2 });
  };
  const byId = new Map<string, CellSpec<unknown>>();
  for (const spec of specs) {
    if (byId.has(spec.id)) refuse(`two cells are called "${spec.id}"; is an arm listed twice?`);
    byId.set(spec.id, spec);
  }
  for (const spec of specs) checkReferences(spec, byId, refuse);

  const cells = new Map<string, Cell>();
  for (const spec of inOrder(byId, refuse)) {
    const needs = mapValues(spec.needs ?? {}, (id) => cells.get(id)!.key);
    const data = Object.fromEntries(
      spec.data.map((role) => [
        role,
        hashes[role] ?? refuse(`cell "${spec.id}" reads unknown data "${role}"`),
      ]),
    );
    cells.set(spec.id, cellOf({ id: spec.id, study, config: spec.config, data, needs }, refuse));
  }
  refuseSameWork([...cells.values()], refuse);
  return [...cells.values()];
}

type Refuse = (what: string) => never;

function checkReferences(
  { id, needs = {}, controls = [] }: CellSpec<unknown>,
  byId: ReadonlyMap<string, unknown>,
  refuse: Refuse,
): void {
  for (const [role, needed] of Object.entries(needs)) {
    if (!byId.has(needed)) refuse(`cell "${id}" needs "${needed}" (its ${role}), which is not in the suite`);
  }
  for (const control of controls) {
    if (!byId.has(control)) {
      refuse(
        `cell "${id}" has no paired control: "${control}" is not in the suite; add the arm that makes it`,
      );
    }
  }
}

/** Kahn's algorithm; among cells that are ready, the order of the study. */
function inOrder(byId: ReadonlyMap<string, CellSpec<unknown>>, refuse: Refuse): CellSpec<unknown>[] {
  const missing = new Map<string, number>();
  const dependents = new Map<string, string[]>();
  for (const { id, needs = {} } of byId.values()) {
    const needed = new Set(Object.values(needs));
    missing.set(id, needed.size);
    for (const other of needed) dependents.set(other, [...(dependents.get(other) ?? []), id]);
  }
  const queue = [...byId.keys()].filter((id) => missing.get(id) === 0);
  for (const id of queue) {
    for (const dependent of dependents.get(id) ?? []) {
      const left = (missing.get(dependent) ?? 0) - 1;
      missing.set(dependent, left);
      if (left === 0) queue.push(dependent);
    }
  }
  if (queue.length < byId.size) refuse(`cells need each other in a circle: ${circle(byId, new Set(queue))}`);
  return queue.map((id) => byId.get(id)!);
}

/** Every cell left over needs another left over, so following them must come round. */
function circle(byId: ReadonlyMap<string, CellSpec<unknown>>, ordered: ReadonlySet<string>): string {
  const path: string[] = [];
  let id = [...byId.keys()].find((candidate) => !ordered.has(candidate))!;
  while (!path.includes(id)) {
    path.push(id);
    id = Object.values(byId.get(id)!.needs ?? {}).find((needed) => !ordered.has(needed))!;
  }
  return [...path.slice(path.indexOf(id)), id].map((name) => `"${name}"`).join(' needs ');
}

function cellOf(cell: Omit<Cell, 'key'>, refuse: Refuse): Cell {
  try {
    return { key: keyOf(cell), ...cell, config: JSON.parse(canonicalJson(cell.config)) as unknown };
  } catch (error) {
    return refuse(`the config of cell "${cell.id}" is not JSON: ${messageOf(error)}`);
  }
}

function refuseSameWork(cells: readonly Cell[], refuse: Refuse): void {
  const idOf = new Map<string, string>();
  for (const { key, id } of cells) {
    const other = idOf.get(key);
    if (other !== undefined) refuse(`cells "${other}" and "${id}" are the same work; leave one out`);
    idOf.set(key, id);
  }
}

function refuseSameName(configs: readonly SuiteConfig[]): void {
  const fileOf = new Map<string, string>();
  for (const { suite, name, file } of configs) {
    const other = fileOf.get(`${suite}/${name}`);
    if (other !== undefined) {
      throw new UserError(`${file}: suite "${suite}" has another config of this name, ${other}; rename one`, {
        exitCode: 2,
      });
    }
    fileOf.set(`${suite}/${name}`, file);
  }
}

function mapValues(record: Readonly<Record<string, string>>, value: (from: string) => string) {
  return Object.fromEntries(Object.entries(record).map(([key, from]) => [key, value(from)]));
}
