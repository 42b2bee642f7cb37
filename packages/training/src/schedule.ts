/** A learning rate that falls in steps: rate · factor^⌊epoch / every⌋. */
export interface Schedule {
  /** At the start: the paper takes 0.05 from scratch and 0.005 for fine-tuning. */
  rate: number;
  /** The paper: ×0.94 every 2 epochs. */
  decay: { factor: number; everyEpochs: number };
}

/** The learning rate in an epoch, counted from 0. */
export function rateAt({ rate, decay }: Schedule, epoch: number): number {
  return rate * decay.factor ** Math.floor(epoch / decay.everyEpochs);
}
