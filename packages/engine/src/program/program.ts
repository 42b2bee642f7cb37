import { attribute, FLOAT } from '../native.ts';
import { binding, releaseMemory } from '../tensorflow.ts';
import {
  type CompiledFunction,
  declareVariable,
  type FunctionSpec,
  recordFunction,
  type VariableNodes,
} from './functions.ts';
import { foldBatchNorm } from './fold.ts';
import { mergeSums, type Node, reachable, updateLast, type Values } from './graph.ts';
import { Recorder } from './recorder.ts';
import { load, runSession } from './session.ts';

/** Arguments by name. A number stands for a scalar. */
export type Arguments = Record<string, Values | number>;
export type Outputs = Record<string, Float32Array | Int32Array | Uint8Array>;

/** One TensorFlow graph, in a session: variables, and compiled functions that share them. */
export interface Program {
  /** Runs a function; its variable updates are made before it returns. */
  run(name: string, args: Arguments): Outputs;
  /** Sets variables by name, as they come. @throws Error for an unknown name or a wrong size */
  assign(values: Iterable<readonly [name: string, values: Float32Array]>): void;
  /** Values of variables, all of them by default. */
  read(names?: readonly string[]): Map<string, Float32Array>;
  /** The graph as recorded, for those who count ops. */
  readonly graph: readonly Node[];
  dispose(): void;
}

/**
 * Compiles functions that share variables into one program. Nothing is executed meanwhile: the functions
 * run once on stand-ins for their tensors (see {@link Recorder}), and TensorFlow loads the resulting graph.
 *
 * @param shapes shape of each float32 variable, by name; all are zero until {@link Program.assign}
 */
export function compile(
  shapes: ReadonlyMap<string, readonly number[]>,
  functions: Record<string, FunctionSpec>,
): Program {
  const recorder = new Recorder();
  const variables = new Map(
    [...shapes].map(([name, shape], i) => [name, declareVariable(recorder, shape, `variable${i}`)]),
  );
  const compiled = new Map<string, CompiledFunction>();
  for (const [name, spec] of Object.entries(functions)) {
    compiled.set(name, recordFunction({ recorder, variables, name, spec }));
  }
  const wanted = recorder.nodes.filter(
    ({ name, op }) => /^(output|variable)/.test(name) || op === 'Placeholder',
  );
  foldBatchNorm(recorder, reachable(wanted));
  mergeSums(reachable(wanted), (terms, dtype) => [attribute.int('N', terms), attribute.type('T', dtype)]);
  const nodes = new Map(recorder.nodes.map((node) => [node.name, node]));
  for (const { outputs } of compiled.values()) {
    updateLast(reachable(outputs.map(({ node }) => nodes.get(node)!)));
  }
  return start(reachable(wanted), variables, compiled);
}

function start(
  graph: readonly Node[],
  variables: ReadonlyMap<string, VariableNodes>,
  functions: ReadonlyMap<string, CompiledFunction>,
): Program {
  releaseMemory();
  const session = load(graph);
  const known = (name: string) => {
    const found = variables.get(name);
    if (!found) throw new Error(`the program has no variable ${name}`);
    return found;
  };
  runSession(
    session,
    [],
    [...variables.values()].map(({ cleared }) => cleared.name),
  );
  releaseMemory();
  const prepared = new Set<string>();
  /** TensorFlow prepares a function in its first run: what that and all before it left must not add up to a peak. */
  const firstRunReleasing = <R>(name: string, run: () => R): R => {
    if (prepared.has(name)) return run();
    releaseMemory();
    const results = run();
    releaseMemory();
    prepared.add(name);
    return results;
  };
  return {
    graph,
    run(name, args) {
      const compiled = functions.get(name);
      if (!compiled) throw new Error(`the program has no function ${name}`);
      const feeds = compiled.inputs.map(({ name: input, node, spec }) => ({
        node,
        spec,
        values: argument(args, input),
      }));
      const fetches = compiled.outputs.map(({ node }) => node);
      const results = firstRunReleasing(name, () => runSession(session, feeds, fetches));
      return Object.fromEntries(compiled.outputs.map(({ name: output }, i) => [output, results[i]!]));
    },
    assign(values) {
      for (const batch of batches(values)) {
        const feeds = batch.map(([name, data]) => {
          const { shape, initial } = known(name);
          return { node: initial.name, spec: { shape, dtype: FLOAT }, values: data };
        });
        runSession(
          session,
          feeds,
          batch.map(([name]) => known(name).assigned.name),
        );
      }
    },
    read(names = [...variables.keys()]) {
      const results = runSession(
        session,
        [],
        names.map((name) => known(name).read.name),
      );
      return new Map(names.map((name, i) => [name, results[i] as Float32Array]));
    },
    dispose: () => binding.deleteSavedModel(session),
  };
}

/** Values by the batch, so that only some are in memory twice; a batch costs TensorFlow a plan of its own. */
function* batches(
  values: Iterable<readonly [string, Float32Array]>,
): Iterable<(readonly [string, Float32Array])[]> {
  const most = 2 ** 23;
  let batch: (readonly [string, Float32Array])[] = [];
  let size = 0;
  for (const entry of values) {
    batch.push(entry);
    size += entry[1].length;
    if (size < most) continue;
    yield batch;
    [batch, size] = [[], 0];
  }
  yield batch;
}

function argument(args: Arguments, name: string): Values {
  const given = args[name];
  if (given === undefined) throw new Error(`the argument ${name} is missing`);
  return typeof given === 'number' ? Float32Array.of(given) : given;
}
