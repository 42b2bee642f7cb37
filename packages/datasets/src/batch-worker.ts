import { Worker } from 'node:worker_threads';
import { UserError } from '@resizer-lab/base';
import type { Batch, BatchItems, BatchPlan } from './batch.ts';
// The decoder's libraries must be loaded here before a worker loads them: what only a worker has
// loaded is unloaded when it ends, with threads of the decoder still in it.
import './photo.ts';

/** From the loader to its worker. */
export type Order =
  | ({ readonly kind: 'make'; readonly id: number } & BatchItems)
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'close' };

/** From the worker to its loader: exactly one for each `make`; `unkept` once, when photos cannot be kept. */
export type Answer =
  | { readonly kind: 'unkept'; readonly reason: string }
  | { readonly kind: 'batch'; readonly id: number; readonly batch: Batch }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'cancelled'; readonly id: number };

/** An error as it can be sent from thread to thread; with an exit code, it is meant for the user. */
export interface Failure {
  readonly message: string;
  readonly exitCode?: 1 | 2;
}

export const CLOSED = 'the loader was closed';

interface Waiting {
  readonly resolve: (batch: Batch) => void;
  readonly reject: (error: Error) => void;
}

/** A thread that makes batches. It keeps the process alive only while a batch is under way. */
export class BatchWorker {
  private readonly worker: Worker;
  private readonly ended: Promise<void>;
  private readonly onUnkept: (reason: string) => void;
  private readonly waiting = new Map<number, Waiting>();
  private gone: Error | undefined;
  private closing = false;
  private nextId = 0;

  /** @param onUnkept told why prepared photos cannot be kept any more */
  constructor(plan: BatchPlan, onUnkept: (reason: string) => void) {
    this.onUnkept = onUnkept;
    // Options of this process (a loader of its own, say) are not the worker's business.
    this.worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData: plan, execArgv: [] });
    this.worker.unref();
    this.worker.on('message', (answer: Answer) => this.settle(answer));
    this.worker.on('error', (error) => this.end(error instanceof Error ? error : new Error(String(error))));
    this.ended = new Promise((resolve) => {
      this.worker.once('exit', () => {
        this.end(new Error(CLOSED));
        resolve();
      });
    });
  }

  /** Asks for a batch. Batches are made in the order in which they are asked for. */
  request(items: BatchItems): { readonly batch: Promise<Batch>; readonly cancel: () => void } {
    const id = this.nextId++;
    const batch = new Promise<Batch>((resolve, reject) => {
      if (this.gone) return reject(this.gone);
      this.waiting.set(id, { resolve, reject });
      this.worker.ref();
      this.post({ kind: 'make', id, ...items });
    });
    // Whoever awaits the batch sees the error; a batch that nobody awaits any more must not crash the process.
    batch.catch(() => {});
    return { batch, cancel: () => this.waiting.has(id) && this.post({ kind: 'cancel', id }) };
  }

  /** Ends the thread once the batch it is making is done. */
  async close(): Promise<void> {
    if (this.gone) return this.ended;
    for (const id of this.waiting.keys()) this.post({ kind: 'cancel', id });
    this.closing = true;
    this.worker.ref();
    this.post({ kind: 'close' });
    await this.ended;
  }

  private post(order: Order): void {
    this.worker.postMessage(order);
  }

  private settle(answer: Answer): void {
    if (answer.kind === 'unkept') return this.onUnkept(answer.reason);
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if (this.waiting.size === 0 && !this.closing) this.worker.unref();
    if (answer.kind === 'batch') waiting?.resolve(answer.batch);
    else waiting?.reject(answer.kind === 'failed' ? errorOf(answer.failure) : new Error(CLOSED));
  }

  private end(error: Error): void {
    this.gone ??= error;
    for (const { reject } of this.waiting.values()) reject(this.gone);
    this.waiting.clear();
  }
}

function errorOf({ message, exitCode }: Failure): Error {
  return exitCode === undefined ? new Error(message) : new UserError(message, { exitCode });
}
