import { hashOf, stream } from '@resizer-lab/base';
import {
  checkpointed,
  countMultiplyAdds,
  dryRun,
  float32,
  type InputSpec,
  type Node,
  type Tensor,
  tf,
  type Variables,
} from '@resizer-lab/engine';
import type { Initialiser } from './initialisers.ts';

/** A named array of numbers that a network owns. */
export interface Parameter {
  name: string;
  shape: readonly number[];
  /** False for moving statistics: they change by assignment, not by gradient. */
  trainable: boolean;
  initial: Initialiser;
}

/** Shares of a network that a training step leaves out at random; 0, the default, leaves nothing out. */
export interface DropRates {
  /** Of the features in front of the head (Srivastava et al. 2014). */
  dropout?: number;
  /** Of the examples' last residual branch; for earlier ones it grows from 0 with depth (Huang et al. 2016). */
  dropConnect?: number;
}

export interface ScopeOptions {
  /** Where parameters are read from; undefined in a dry run, which only collects declarations. */
  variables: Variables;
  /** Batch norm uses the batch's statistics, and updates the moving ones. */
  training: boolean;
  /** Weight of the old moving statistics in each update, for all batch norms. Default: each layer's own. */
  batchNormMomentum?: number;
  /** What is left out, in training steps only. The seed, int32 [2], is an input of the program. */
  dropping?: DropRates & { seed: Tensor };
  /** Of the network's blocks, only inputs are kept for the backward pass: less memory, more time, same bits. */
  gradientCheckpointing?: boolean;
  /** Called with each layer's output, by the layer's name. */
  observe?: (name: string, output: Tensor) => void;
}

interface Options extends ScopeOptions {
  /** Called with each parameter that is trained by gradient, when it is handed out. */
  onWeight?: (weight: Tensor) => void;
}

/** Options of a scope that changes nothing and shows nothing. */
function withoutEffects({ variables, observe }: ScopeOptions): Pick<Options, 'variables' | 'observe'> {
  const nothing = () => undefined;
  const read = (name: string) => variables.read(name);
  return {
    variables: { read, assign: nothing, applyMomentum: nothing },
    ...(observe && { observe: nothing }),
  };
}

/**
 * Hands out a network's parameters by name. A network is a function of a scope and tensors; the scope
 * decides where values come from, so that the same function declares, trains and predicts.
 */
export class Scope {
  readonly #options: Options;
  readonly #prefix: string;

  constructor(options: Options, prefix = '') {
    this.#options = options;
    this.#prefix = prefix;
  }

  /** The scope of a part: its names get `name/` in front. */
  in(name: string): Scope {
    return new Scope(this.#options, `${this.#prefix}${name}/`);
  }

  /** The same parameters with batch norm in inference mode, whatever the mode here. */
  frozen(): Scope {
    return new Scope({ ...this.#options, training: false }, this.#prefix);
  }

  get batchNormMomentum(): number | undefined {
    return this.#options.batchNormMomentum;
  }

  get training(): boolean {
    return this.#options.training;
  }

  /** Whether somebody sees what is passed to {@link output}; for outputs that are made to be seen alone. */
  get isObserved(): boolean {
    return this.#options.observe !== undefined;
  }

  /** Rates at which the network drops units; empty unless it is being trained so. */
  get dropRates(): DropRates {
    return this.#options.dropping ?? {};
  }

  /** The seed, int32 [2], of a layer that drops units: its own in each step, whatever other layers there are. */
  dropSeed(name: string): Tensor {
    const { dropping } = this.#options;
    if (!dropping) throw new Error(`${this.#prefix}${name} asks for a seed, and the scope has none`);
    const key = Number.parseInt(hashOf(this.#prefix + name).slice(0, 8), 16) | 0;
    return tf.add(dropping.seed, tf.tensor1d([0, key], 'int32'));
  }

  /** The value of a parameter, which is declared by asking for it. */
  parameter(name: string, declaration: Omit<Parameter, 'name'>): Tensor {
    const { variables } = this.#options;
    const full = this.#prefix + name;
    if (variables instanceof Declarations) return variables.declare({ ...declaration, name: full });
    const value = variables.read(full);
    if (value.shape.join() !== declaration.shape.join()) {
      throw new Error(
        `${full} has shape [${value.shape.join(', ')}], the network wants [${declaration.shape.join(', ')}]`,
      );
    }
    if (declaration.trainable) this.#options.onWeight?.(value);
    return value;
  }

  /** Sets a parameter that is not trained by gradient, such as a moving mean, for the next step. */
  update(name: string, value: Tensor): void {
    this.#options.variables.assign(this.#prefix + name, value);
  }

  /**
   * A block of the network, which may be run again in the backward pass; see the engine's `checkpointed`.
   * @param block uses the scope and the inputs that it is given, no others
   */
  block<X extends readonly Tensor[], Y extends Tensor>(inputs: X, block: (net: Scope, ...inputs: X) => Y): Y {
    const { gradientCheckpointing, ...options } = this.#options;
    if (!gradientCheckpointing) return block(this, ...inputs);
    return checkpointed(inputs, (tensors, pass) => {
      const weights = new Set<Tensor>();
      const parts = { ...options, ...(pass === 'again' ? withoutEffects(options) : {}) };
      const net = new Scope({ ...parts, onWeight: (weight) => weights.add(weight) }, this.#prefix);
      return { y: block(net, ...(tensors as X)), weights: [...weights] };
    });
  }

  /** Passes a layer's output through, showing it to the observer. */
  output<X extends Tensor>(name: string, value: X): X {
    this.#options.observe?.(this.#prefix + name, value);
    return value;
  }
}

/** The variables of a dry run: stand-ins, and a list of what was asked for. */
class Declarations implements Variables {
  readonly parameters = new Map<string, Parameter>();
  readonly #standIns = new Map<string, Tensor>();
  readonly #make: (spec: InputSpec) => Tensor;

  constructor(make: (spec: InputSpec) => Tensor) {
    this.#make = make;
  }

  declare(parameter: Parameter): Tensor {
    const { name, shape } = parameter;
    const known = this.parameters.get(name);
    if (known && known.shape.join() !== shape.join()) {
      throw new Error(
        `the parameter ${name} is declared twice, as [${known.shape.join(', ')}] and [${shape.join(', ')}]`,
      );
    }
    this.parameters.set(name, parameter);
    return this.read(name);
  }

  read(name: string): Tensor {
    const known = this.#standIns.get(name);
    if (known) return known;
    const made = this.#make(float32(...this.parameters.get(name)!.shape));
    this.#standIns.set(name, made);
    return made;
  }

  assign(): void {
    // Nothing is kept in a dry run.
  }

  applyMomentum(): void {
    // Nothing is kept in a dry run.
  }
}

/** Parameters by name, in the order in which the network asks for them. */
export type Parameters = ReadonlyMap<string, Parameter>;

/** A network as a function of a scope and its arguments. */
type Network = (net: Scope, ...inputs: never[]) => unknown;

/**
 * The parameters of a network, found by running it once on stand-ins.
 * @param inputs shapes and types of the network's arguments
 */
export function parametersOf(network: Network, inputs: readonly InputSpec[]): Parameters {
  return declare(network, inputs, ({ parameters }) => parameters);
}

/** Multiply-adds of one forward pass of a network; what counts is said at the engine's `countMultiplyAdds`. */
export function multiplyAddsOf(network: Network, inputs: readonly InputSpec[]): number {
  return declare(network, inputs, ({ graph }) => countMultiplyAdds(graph));
}

function declare<R>(
  network: Network,
  inputs: readonly InputSpec[],
  read: (run: { parameters: Parameters; graph: readonly Node[] }) => R,
): R {
  return dryRun((standIn, graph) => {
    const variables = new Declarations(standIn);
    const tensors = inputs.map(standIn) as never[];
    network(new Scope({ variables, training: false }), ...tensors);
    return read({ parameters: variables.parameters, graph });
  });
}

/**
 * First values of all parameters. Each has a stream of its own, named after it, so that a network
 * with one layer more starts the other layers from the same values.
 */
export function* initialValues(
  parameters: Parameters,
  seed: number,
): Iterable<[name: string, values: Float32Array]> {
  for (const { name, shape, initial } of parameters.values()) {
    yield [name, initial(shape, stream(seed, 'initial', name))];
  }
}

/** How many numbers the parameters hold. */
export function countParameters(parameters: Iterable<Parameter>): number {
  let count = 0;
  for (const { shape } of parameters) count += shape.reduce((a, b) => a * b, 1);
  return count;
}
