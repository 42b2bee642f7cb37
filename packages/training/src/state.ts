import { UserError } from '@resizer-lab/base';
import type { Program } from '@resizer-lab/engine';
import { matchWeights, readSafetensors, writeSafetensors } from '@resizer-lab/layers';

/** Where a run stands, beside the values of its variables. */
export interface Position {
  /** Steps made. With the seed it gives the next batch: order and augmentation depend on these alone. */
  step: number;
  seed: number;
  /** Lines of metrics.jsonl written so far. */
  metricsLines: number;
}

const POSITION_KEY = 'resizer-lab.position';

/** Writes all variables of a program, the optimiser's included, and the position. Atomic. */
export async function saveState(
  path: string,
  program: Program,
  { shapes, position }: { shapes: ReadonlyMap<string, readonly number[]>; position: Position },
): Promise<void> {
  const values = program.read([...shapes.keys()]);
  const tensors = new Map([...shapes].map(([name, shape]) => [name, { shape, data: values.get(name)! }]));
  await writeSafetensors(path, tensors, { [POSITION_KEY]: JSON.stringify(position) });
}

/**
 * Reads what {@link saveState} wrote into the program; all of it or nothing.
 * @throws UserError for a file that does not fit
 */
export async function restoreState(
  path: string,
  program: Program,
  shapes: ReadonlyMap<string, readonly number[]>,
): Promise<Position> {
  const { tensors, metadata } = await readSafetensors(path);
  const position = positionOf(metadata[POSITION_KEY]);
  if (!position) {
    throw new UserError(`${path} is not a checkpoint: it does not say at which step it was saved.`);
  }
  const wanted = [...shapes].map(([name, shape]) => ({ name, shape }));
  const matched = matchWeights(wanted, tensors, { source: path });
  program.assign(new Map([...matched].map(([name, { data }]) => [name, data])));
  return position;
}

/** Checks that a file is a whole checkpoint. @throws UserError if it is not */
export async function verifyState(path: string): Promise<void> {
  await readSafetensors(path);
}

function positionOf(text: string | undefined): Position | undefined {
  const { step, seed, metricsLines } = fieldsOf(text ?? '');
  return isCount(step) && isCount(seed) && isCount(metricsLines) ? { step, seed, metricsLines } : undefined;
}

function fieldsOf(text: string): Partial<Record<keyof Position, unknown>> {
  try {
    return Object(JSON.parse(text)) as Partial<Record<keyof Position, unknown>>;
  } catch {
    return {};
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
