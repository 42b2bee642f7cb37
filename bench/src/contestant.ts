import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { UserError } from '@resizer-lab/base';

/** How a contestant is started. */
export interface Entrant {
  name: string;
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** What a contestant says of itself. */
export interface Description {
  versions: Readonly<Record<string, string>>;
  threads: number;
  /** Of one image, forward. */
  multiplyAdds: number;
  /** Numbers trained by gradient. */
  trainable: number;
  /** Floating-point operations of one step, by those who can tell. */
  stepFlops?: number;
}

interface Timing {
  seconds: number[];
}

/** How long one answer may take; torch.compile needs minutes for its first step. */
const patience = 15 * 60_000;

const live = new Set<ChildProcess>();
// A stopped process would outlive us.
process.on('exit', () => live.forEach((child) => child.kill('SIGKILL')));

/**
 * A long-lived process that makes the steps of one piece of work when told to, by JSON lines:
 * `{"run": n}` → `{"seconds": [n numbers]}`, `{"describe": true}` → {@link Description}.
 * Between turns it is suspended, so that threads that spin while they wait take nothing from the others.
 */
export class Contestant {
  readonly name: string;
  /** From the process's start to the end of its first step. */
  readonly secondsToFirstStep: number;
  readonly #channel: Channel;

  private constructor(name: string, channel: Channel, secondsToFirstStep: number) {
    this.name = name;
    this.#channel = channel;
    this.secondsToFirstStep = secondsToFirstStep;
  }

  /** Starts the process and makes its first step. @throws UserError with what the process last said */
  static async start(entrant: Entrant): Promise<Contestant> {
    const started = performance.now();
    const channel = new Channel(entrant);
    try {
      await channel.ask({ run: 1 });
    } catch (error) {
      await channel.close();
      throw error;
    }
    const seconds = (performance.now() - started) / 1000;
    channel.suspend();
    return new Contestant(entrant.name, channel, seconds);
  }

  /** Makes so many steps, after one that does not count, and returns the seconds of each. */
  async run(steps: number): Promise<number[]> {
    const { seconds } = (await this.#channel.turn({ run: steps + 1 })) as Timing;
    return seconds.slice(1);
  }

  async describe(): Promise<Description> {
    return (await this.#channel.turn({ describe: true })) as Description;
  }

  /** The most memory that the process has held so far, in bytes. */
  peakMemory(): number {
    const status = readFileSync(`/proc/${this.#channel.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  stop(): Promise<void> {
    return this.#channel.close();
  }
}

class Channel {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  #said = '';
  #onAnswer: (line: string) => void = () => undefined;
  #onFailure: (error: Error) => void = () => undefined;

  constructor({ name, command, args, env }: Entrant) {
    this.#name = name;
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'pipe' });
    this.#child = child;
    live.add(child);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-4000);
    });
    // Writing to a process that has died fails; its end is reported below.
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stdout }).on('line', (line) => this.#onAnswer(line));
    this.#closed = new Promise((resolve) => {
      child.on('error', (error) => this.#onFailure(error));
      child.on('close', (code, signal) => {
        live.delete(child);
        this.#onFailure(new Error(`ended with ${signal ?? `exit code ${code}`}`));
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  suspend(): void {
    this.#child.kill('SIGSTOP');
  }

  /** Wakes the process for one request. */
  async turn(request: object): Promise<unknown> {
    this.#child.kill('SIGCONT');
    try {
      return await this.ask(request);
    } finally {
      this.suspend();
    }
  }

  ask(request: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = ({ message }: Error) => {
        clearTimeout(timer);
        reject(new UserError(`${this.#name} ${message}. ${this.#lastWords()}`));
      };
      const timer = setTimeout(
        () => fail(new Error(`gave no answer for ${patience / 60_000} minutes`)),
        patience,
      );
      this.#onFailure = fail;
      this.#onAnswer = (line) => {
        try {
          resolve(JSON.parse(line));
          clearTimeout(timer);
        } catch {
          fail(new Error(`answered ${line}`));
        }
      };
      if (this.#child.exitCode !== null) fail(new Error('has ended'));
      this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    });
  }

  async close(): Promise<void> {
    this.#onFailure = () => undefined;
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  #lastWords(): string {
    const lines = this.#said.trim().split('\n').filter(Boolean);
    // Node ends with its version, after the error and its stack.
    const error = lines.findLast((line) => /^\w*(Error|Exception)\b/.test(line));
    return lines.length > 0 ? `Its last words: ${error ?? lines.at(-1)}` : 'It said nothing.';
  }
}
