import { messageOf } from '@resizer-lab/base';
import { Contestant, type Description, type Entrant } from './contestant.ts';
import { median, stepsOfTurn } from './statistics.ts';

export interface Pace {
  rounds: number;
  /** How long each contestant runs in each round, about. */
  turnSeconds: number;
}

/** What one contestant did in one row. */
export interface Measured {
  name: string;
  description: Description;
  secondsToFirstStep: number;
  /** In bytes. */
  peakMemory: number;
  /** Seconds of each step, by round. */
  rounds: readonly number[][];
}

export interface Failed {
  name: string;
  failure: string;
}

export type Outcome = Measured | Failed;

export const succeeded = (outcome: Outcome): outcome is Measured => 'rounds' in outcome;

/**
 * Measures contestants against one another: all are started, then they take turns, A B C A B C …,
 * each suspended while the others run. One that fails drops out, and its outcome says why.
 */
export async function measure(
  entrants: readonly Entrant[],
  { rounds, turnSeconds }: Pace,
  onProgress: (text: string) => void,
): Promise<Outcome[]> {
  const seats = entrants.map((entrant) => new Seat(entrant));
  try {
    for (const seat of seats) {
      onProgress(`starting ${seat.name}`);
      await seat.start(turnSeconds);
    }
    for (let round = 1; round <= rounds; round++) {
      onProgress(`round ${round} of ${rounds}`);
      for (const seat of seats) await seat.turn();
    }
    const outcomes: Outcome[] = [];
    for (const seat of seats) outcomes.push(await seat.outcome());
    return outcomes;
  } finally {
    await Promise.all(seats.map((seat) => seat.leave()));
  }
}

/** A contestant's place in a row; it stays when the contestant fails. */
class Seat {
  readonly #entrant: Entrant;
  readonly #rounds: number[][] = [];
  #contestant?: Contestant;
  #steps = 1;
  #failure = '';

  constructor(entrant: Entrant) {
    this.#entrant = entrant;
  }

  get name(): string {
    return this.#entrant.name;
  }

  async start(turnSeconds: number): Promise<void> {
    try {
      this.#contestant = await Contestant.start(this.#entrant);
    } catch (error) {
      this.#failure = messageOf(error);
    }
    await this.#unlessFailed(async (contestant) => {
      this.#steps = stepsOfTurn(median(await contestant.run(2)), turnSeconds);
    });
  }

  async turn(): Promise<void> {
    await this.#unlessFailed(async (contestant) => {
      this.#rounds.push(await contestant.run(this.#steps));
    });
  }

  async outcome(): Promise<Outcome> {
    const { name } = this;
    const measured = await this.#unlessFailed(async (contestant) => {
      // Describing costs memory of its own.
      const peakMemory = contestant.peakMemory();
      const description = await contestant.describe();
      const { secondsToFirstStep } = contestant;
      return { name, description, secondsToFirstStep, peakMemory, rounds: this.#rounds };
    });
    return measured ?? { name, failure: this.#failure };
  }

  async leave(): Promise<void> {
    await this.#contestant?.stop();
  }

  async #unlessFailed<R>(work: (contestant: Contestant) => Promise<R>): Promise<R | undefined> {
    if (!this.#contestant || this.#failure) return undefined;
    try {
      return await work(this.#contestant);
    } catch (error) {
      this.#failure = messageOf(error);
      return undefined;
    }
  }
}
