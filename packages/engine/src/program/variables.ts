import { type Tensor, tf } from '../tensorflow.ts';

/** What a function of a program may do with the program's variables. */
export interface Variables {
  /** The value at the start of the call; the same tensor each time it is asked for. */
  read(name: string): Tensor;
  /** The value from the next call on. */
  assign(name: string, value: Tensor): void;
  /**
   * One step of SGD with momentum (Sutskever et al. 2013 without Nesterov, as PyTorch and TF-Slim):
   * slot ← momentum · slot + gradient, name ← name − rate · slot.
   */
  applyMomentum(name: string, slot: string, step: { gradient: Tensor; rate: Tensor; momentum: number }): void;
}

/**
 * Variables held by TF.js itself, so that a program's function can be run op by op: the reference that
 * compiled programs are tested against, and the way to look at values inside a function.
 */
export class EagerVariables implements Variables {
  readonly #values: Map<string, Tensor>;
  readonly #updates = new Map<string, Tensor>();

  constructor(values: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>) {
    this.#values = new Map(
      [...values].map(([name, { shape, data }]) => [name, tf.keep(tf.tensor(data, [...shape]))]),
    );
  }

  read(name: string): Tensor {
    const value = this.#values.get(name);
    if (!value) throw new Error(`there is no variable ${name}`);
    return value;
  }

  assign(name: string, value: Tensor): void {
    this.read(name);
    this.#updates.set(name, tf.keep(value.clone()));
  }

  applyMomentum(
    name: string,
    slot: string,
    step: { gradient: Tensor; rate: Tensor; momentum: number },
  ): void {
    const velocity = tf.add(tf.mul(this.read(slot), step.momentum), step.gradient);
    this.assign(slot, velocity);
    this.assign(name, tf.sub(this.read(name), tf.mul(velocity, step.rate)));
  }

  /** Makes the updates since the last commit visible to `read`, as the end of a call does. */
  commit(): void {
    for (const [name, value] of this.#updates) {
      this.read(name).dispose();
      this.#values.set(name, value);
    }
    this.#updates.clear();
  }

  dispose(): void {
    tf.dispose([...this.#values.values(), ...this.#updates.values()]);
  }
}
