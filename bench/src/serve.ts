import { createInterface } from 'node:readline';
import type { Description } from './contestant.ts';

/** One piece of work as a contestant in Node does it. */
export interface Contest {
  /** One step, which is over when it returns; its loss, or another number that shows it is sound. */
  step: () => number;
  describe: () => Description;
}

/** Answers the harness's requests until stdin ends: the protocol of `Contestant`, as peers/protocol.py. */
export async function serve({ step, describe }: Contest): Promise<void> {
  const timed = () => {
    const before = performance.now();
    const value = step();
    const seconds = (performance.now() - before) / 1000;
    if (!Number.isFinite(value)) throw new Error(`step gave ${value}`);
    return seconds;
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const { run } = JSON.parse(line) as { run?: number };
    const answer = run === undefined ? describe() : { seconds: Array.from({ length: run }, timed) };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
