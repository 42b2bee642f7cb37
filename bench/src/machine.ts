import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

/** Where and when numbers were taken. */
export interface Machine {
  date: string;
  cpu: string;
  cores: number;
  /** In bytes. */
  memory: number;
  system: string;
  /** What other programs took of the cores in the second before, 0 … 1. */
  busy: number;
}

/** Looks at the machine for a second. */
export async function machineNow(): Promise<Machine> {
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    system: `${process.platform} ${release()}`,
    busy: await busyShare(),
  };
}

async function busyShare(): Promise<number> {
  const before = coreTimes();
  await wait(1000);
  const after = coreTimes();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

function coreTimes(): { idle: number; all: number } {
  const times = cpus().map((core) => core.times);
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((time) => Object.values(time))) };
}
