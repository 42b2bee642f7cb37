import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, UserError } from '@resizer-lab/base';
import { type Comparison, compareCase } from './compare.ts';
import { type Fixture, fixtureSchema } from './fixture.ts';
import { modelOf, runCase } from './run.ts';

/** One case of a fixture. */
export interface CaseReport {
  model: string;
  case: string;
  comparisons: number;
  /** The largest relative error. */
  largest: Comparison;
  /** The one nearest to its limit, or furthest over it. */
  worst: Comparison;
  failed: Comparison[];
}

/**
 * Runs every fixture of a folder whose model we have, case by case.
 * @throws UserError for a folder without fixtures, or a file that is not one
 */
export function* parity(folder: string): Generator<CaseReport> {
  let found = false;
  for (const fixture of fixturesIn(folder)) {
    for (const golden of fixture.cases) {
      const model = modelOf(fixture, golden);
      if (!model) continue;
      found = true;
      const comparisons = compareCase(fixture, golden, runCase(fixture, golden, model));
      const byRatio = [...comparisons].sort((a, b) => b.error / b.limit - a.error / a.limit);
      yield {
        model: fixture.model,
        case: `${golden.input_shape.join('×')}${golden.target ? ` → ${golden.target.join('×')}` : ''}`,
        comparisons: comparisons.length,
        largest: comparisons.reduce((a, b) => (b.error > a.error ? b : a)),
        worst: byRatio[0]!,
        // NaN is out of tolerance, too.
        failed: byRatio.filter(({ error, limit }) => !(error <= limit)),
      };
    }
  }
  if (!found) throw new UserError(`${folder} has no fixture of a model that we have.`);
}

function* fixturesIn(folder: string): Generator<Fixture> {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch (error) {
    throw new UserError(`The fixtures' folder ${folder} cannot be read: ${messageOf(error)}`, {
      exitCode: 2,
    });
  }
  for (const name of names.sort()) {
    const path = join(folder, name);
    const parsed = fixtureSchema.safeParse(jsonOf(path));
    // Other golden files may lie in the folder; one that names a model must be a fixture.
    if (parsed.success) yield parsed.data;
    else if (namesModel(path)) {
      const { path: key, message } = parsed.error.issues[0]!;
      throw new UserError(`${path}: ${key.join('.')}: ${message}`);
    }
  }
}

function jsonOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    throw new UserError(`${path} is not JSON: ${messageOf(error)}`);
  }
}

function namesModel(path: string): boolean {
  const value = jsonOf(path);
  return typeof value === 'object' && value !== null && 'model' in value;
}
