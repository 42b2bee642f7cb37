import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@resizer-lab/base';
import { FLOAT, INT32, UINT8 } from '../native.ts';
import { binding } from '../tensorflow.ts';
import type { Node, Values } from './graph.ts';
import { savedModel } from './serialize.ts';

/** An argument of a compiled function: its type and fixed shape. */
export interface InputSpec {
  dtype: number;
  shape: readonly number[];
}

export const uint8 = (...shape: number[]): InputSpec => ({ dtype: UINT8, shape });
export const int32 = (...shape: number[]): InputSpec => ({ dtype: INT32, shape });
export const float32 = (...shape: number[]): InputSpec => ({ dtype: FLOAT, shape });

/** Loads a graph into a session of its own. @throws Error with TensorFlow's reason if it refuses the graph */
export function load(graph: readonly Node[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'resizer-program-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), savedModel(graph));
    return binding.loadSavedModel(folder, 'serve');
  } catch (error) {
    throw new Error(`TensorFlow refuses the recorded graph: ${messageOf(error)}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A value for a placeholder. */
export interface Feed {
  node: string;
  spec: InputSpec;
  values: Values;
}

/** One call of the session. Works on the binding's own handles: nothing of TF.js is involved. */
export function runSession(session: number, feeds: readonly Feed[], fetches: readonly string[]): Values[] {
  if (fetches.length === 0) return [];
  const ids = feeds.map(({ spec, values }) => binding.createTensor([...spec.shape], spec.dtype, values));
  try {
    const feedNames = feeds.map(({ node }) => `${node}:0`).join(',');
    const results = binding.runSavedModel(
      session,
      ids,
      feedNames,
      fetches.map((node) => `${node}:0`).join(','),
    );
    const values = results.map(({ id }) => binding.tensorDataSync(id));
    results.forEach(({ id }) => binding.deleteTensor(id));
    return values;
  } finally {
    ids.forEach((id) => binding.deleteTensor(id));
  }
}
