import { join } from 'node:path';
import { weightsRoot } from '@resizer-lab/datasets';
import type { Program } from '@resizer-lab/engine';
import {
  initialValues,
  matchWeights,
  type Parameters,
  readSafetensors,
  writeSafetensors,
} from '@resizer-lab/layers';
import { RESIZER_SCOPE } from '@resizer-lab/resizer';
import type { CellContext } from '@resizer-lab/suite';
import type { Start, TrainedCell } from '../cell.ts';

/** File of a cell's trained parameters. */
const WEIGHTS = 'weights.safetensors';

/** What the start of a cell depends on. */
export interface Starting {
  config: TrainedCell;
  parameters: Parameters;
  /** Name of the head's layer. */
  head: string;
}

/** Where training starts: what the config names, the later over the earlier; all else random, by the seed. */
export async function startValues(
  starting: Starting,
  context: CellContext,
): Promise<Iterable<readonly [string, Float32Array]>> {
  const { config, parameters } = starting;
  const given = new Map<string, Float32Array>();
  for (const start of config.start) {
    for (const [name, data] of await loaded(start, starting, context)) given.set(name, data);
  }
  const rest = new Map([...parameters].filter(([name]) => !given.has(name)));
  return chained(given, initialValues(rest, config.seed));
}

function* chained<T>(...parts: Iterable<T>[]): Iterable<T> {
  for (const part of parts) yield* part;
}

async function loaded(
  start: Start,
  { parameters, head }: Starting,
  context: CellContext,
): Promise<Map<string, Float32Array>> {
  const isOfPart = (name: string) => name.startsWith(`${RESIZER_SCOPE}/`) === (start.part === 'resizer');
  const source =
    'cell' in start
      ? join(context.need(start.cell), WEIGHTS)
      : join(weightsRoot(context.dataRoot), start.weights);
  // A published head says ImageNet's classes: for any others the head starts anew.
  const anew = 'weights' in start && parameters.get(`${head}/kernel`)?.shape[1] !== 1000 ? [`${head}/`] : [];
  const wanted = [...parameters.values()].filter(
    ({ name }) => isOfPart(name) && !anew.some((prefix) => name.startsWith(prefix)),
  );
  const { tensors } = await readSafetensors(source);
  const given = new Map([...tensors].filter(([name]) => isOfPart(name)));
  const found = matchWeights(wanted, given, { source, ignore: anew });
  return new Map([...found].map(([name, { data }]) => [name, data]));
}

/** Writes a cell's trained parameters, moving statistics included. */
export async function saveWeights(
  directory: string,
  { program, parameters }: { program: Program; parameters: Parameters },
): Promise<void> {
  const values = program.read([...parameters.keys()]);
  const tensors = [...parameters.values()].map(
    ({ name, shape }) => [name, { shape, data: values.get(name)! }] as const,
  );
  await writeSafetensors(join(directory, WEIGHTS), new Map(tensors), { format: 'resizer-lab' });
}
