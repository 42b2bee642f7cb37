import { UserError } from '@resizer-lab/base';
import { distance } from 'fastest-levenshtein';
import { isFloatTensor, shown, type WeightTensor } from './tensor.ts';

/** A weight that a network has. */
export interface WantedWeight {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface MatchOptions {
  /** The file of the given weights, for the message. */
  readonly source: string;
  /** Given weights whose name begins with one of these may go unused: the head of another task. */
  readonly ignore?: readonly string[];
}

/** How many names of each kind a message shows. */
const listed = 5;

/**
 * The values of all wanted weights, in the order wanted; all or nothing. Unexpected integers are no
 * weights but state (a step counter, a seed), and are passed over.
 * @throws UserError that lists what is missing, unexpected, of another shape or not of floats, with
 *   the nearest name of the other side.
 */
export function matchWeights(
  wanted: readonly WantedWeight[],
  given: ReadonlyMap<string, WeightTensor>,
  { source, ignore = [] }: MatchOptions,
): Map<string, WeightTensor<Float32Array>> {
  const matched = new Map<string, WeightTensor<Float32Array>>();
  const missing: string[] = [];
  const misfits: string[] = [];
  for (const { name, shape } of wanted) {
    const tensor = given.get(name);
    if (tensor === undefined) missing.push(name);
    else if (!isFloatTensor(tensor)) misfits.push(`${name} (holds integers)`);
    else if (String(tensor.shape) !== String(shape)) {
      misfits.push(`${name} (wanted [${shape.join(', ')}], has [${tensor.shape.join(', ')}])`);
    } else matched.set(name, tensor);
  }
  const names = new Set(wanted.map(({ name }) => name));
  const unexpected = [...given]
    .filter(([name, tensor]) => isFloatTensor(tensor) && !names.has(name))
    .map(([name]) => name)
    .filter((name) => !ignore.some((prefix) => name.startsWith(prefix)));
  if (missing.length + misfits.length + unexpected.length === 0) return matched;
  // Names that found their partner are no candidates for another.
  const spare = unexpected.length > 0 ? unexpected : [...given.keys()];
  const problems = [
    list(`${missing.length} missing`, missing, (name) => withNearest(name, spare)),
    list(`${unexpected.length} unexpected`, unexpected, (name) => withNearest(name, missing)),
    list(`${misfits.length} of another shape or type`, misfits, (text) => text),
  ];
  throw new UserError(
    `${source} does not fit this network, nothing was loaded: ${problems.filter(Boolean).join('; ')}.`,
  );
}

function list(title: string, names: readonly string[], describe: (name: string) => string): string {
  if (names.length === 0) return '';
  const more = names.length > listed ? ` and ${names.length - listed} more` : '';
  return `${title}: ${names.slice(0, listed).map(describe).join(', ')}${more}`;
}

function withNearest(name: string, candidates: readonly string[]): string {
  const nearest = nearestOf(name, candidates);
  const own = shown(name).slice(1, -1);
  return nearest === undefined ? own : `${own} (nearest: ${nearest})`;
}

/** The candidate with the fewest edits, if at least half of the name is the same. */
function nearestOf(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = Math.min(name.length, longest) / 2;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= fewest || candidate.length > longest) continue;
    const edits = distance(name, candidate);
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

/** Names beyond this length are no layer names, and comparing them would take long. */
const longest = 200;
