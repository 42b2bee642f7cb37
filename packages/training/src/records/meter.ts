/** What a training process tells about itself after a step: plain data, fit to be sent to another process. */
export interface ProgressUpdate {
  /** Steps done, of `steps`, over all epochs. */
  readonly step: number;
  readonly steps: number;
  /** The current epoch, 1 … `epochs`. */
  readonly epoch: number;
  readonly epochs: number;
  /** The loss of this step. */
  readonly loss: number;
  /** Images trained on so far, over all epochs. */
  readonly images: number;
}

/** A piece of the progress line; where there is no room for all, those of the lowest rank go first. */
export interface Part {
  readonly text: string;
  readonly rank: number;
}

/** What can be said about a run from its updates and the times at which they came. */
export interface Meter {
  /** `at`: milliseconds. */
  add(update: ProgressUpdate, at: number): void;
  /** Epoch, step, smoothed loss, speed and time left, as far as they are known. */
  parts(): Part[];
}

const windowMs = 10_000;
const lossMemory = 0.98;

/**
 * The loss is an exponential mean over about 50 steps, without bias at the start; the speed is
 * that of the last 10 seconds of the epoch; the time left comes from the mean pace since the first update,
 * so that it counts evaluations and checkpoints too.
 */
export function runMeter(): Meter {
  const recent: { at: number; images: number }[] = [];
  let first: { at: number; step: number } | undefined;
  let last: { at: number; update: ProgressUpdate } | undefined;
  let lossSum = 0;
  let lossWeight = 0;

  return {
    add(update, at) {
      const forget = lossMemory ** Math.max(1, update.step - (last?.update.step ?? 0));
      lossSum = forget * lossSum + (1 - forget) * update.loss;
      lossWeight = forget * lossWeight + (1 - forget);
      // Between epochs there is an evaluation, which is not training speed.
      if (update.epoch !== last?.update.epoch) recent.length = 0;
      recent.push({ at, images: update.images });
      while (recent.length > 2 && recent[1]!.at <= at - windowMs) recent.shift();
      first ??= { at, step: update.step };
      last = { at, update };
    },
    parts() {
      if (first === undefined || last === undefined) return [];
      const { step, steps, epoch, epochs, images } = last.update;
      const parts: Part[] = [
        { text: `epoch ${epoch}/${epochs}`, rank: 1 },
        { text: `step ${step}/${steps}`, rank: 3 },
        { text: `loss ${(lossSum / lossWeight).toPrecision(4)}`, rank: 2 },
      ];
      const start = recent[0]!;
      if (last.at > start.at) {
        const speed = ((images - start.images) / (last.at - start.at)) * 1000;
        parts.push({ text: `${speed.toFixed(speed < 10 ? 1 : 0)} img/s`, rank: 0 });
      }
      if (step > first.step && step < steps) {
        const left = ((steps - step) * (last.at - first.at)) / (step - first.step);
        parts.push({ text: `${duration(left)} left`, rank: 4 });
      }
      return parts;
    },
  };
}

/** Milliseconds as `1:05` or, from an hour on, `2:03:05`; rounded up to the second. */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
