import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** Where and when numbers were taken. */
export interface Machine {
  date: string;
  cpu: string;
  cores: number;
  /** In bytes. */
  memory: number;
  system: string;
  /** Processes that wanted a core in the minute before: above a few tenths, others were at work. */
  load: number;
}

export function machineNow(): Machine {
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    system: `${process.platform} ${release()}`,
    load: loadavg()[0]!,
  };
}
