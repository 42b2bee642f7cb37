import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, UserError } from '@resizer-lab/base';
import { type BatchPlan, makeBatch } from './batch.ts';
import type { Answer, Failure, Order } from './batch-worker.ts';
import { PreparedPhotos } from './prepared.ts';

// The loader's thread: makes batches one after the other, in the order in which they were asked for.
const port = parentPort!;
const plan = workerData as BatchPlan;
const kept =
  plan.prepared &&
  new PreparedPhotos(plan.prepared, (reason) =>
    port.postMessage({ kind: 'unkept', reason } satisfies Answer),
  );
const cancelled = new Set<number>();
let answered = -1;
let last = Promise.resolve();

port.on('message', (order: Order) => {
  if (order.kind === 'cancel') {
    if (order.id > answered) cancelled.add(order.id);
  } else if (order.kind === 'close') last = last.then(end);
  else last = last.then(() => answer(order));
});

async function answer({ id, ...items }: Extract<Order, { kind: 'make' }>): Promise<void> {
  // Lets a cancellation that has arrived be read before the work starts.
  await new Promise((resolve) => setImmediate(resolve));
  if (cancelled.delete(id)) return post({ id, kind: 'cancelled' });
  try {
    const batch = await makeBatch(plan, items, kept);
    const { images, labels, scores, mask, indices } = batch;
    post({ id, kind: 'batch', batch }, [
      images.buffer,
      labels.buffer,
      scores.buffer,
      mask.buffer,
      indices.buffer,
    ]);
  } catch (error) {
    post({ id, kind: 'failed', failure: failureOf(error) });
  }
}

function end(): void {
  kept?.close();
  port.close();
}

function post(message: Exclude<Answer, { kind: 'unkept' }>, transfer: ArrayBuffer[] = []): void {
  answered = message.id;
  port.postMessage(message, transfer);
}

function failureOf(error: unknown): Failure {
  if (error instanceof UserError) return { message: error.message, exitCode: error.exitCode };
  return { message: error instanceof Error ? (error.stack ?? error.message) : messageOf(error) };
}
