/** Where a counter writes; `process.stderr` is one. */
export interface CounterStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface CounterOptions {
  /** How many there will be; unknown while undefined. */
  total?: number | undefined;
  /** How an amount is shown. */
  shown: (amount: number) => string;
  stream?: CounterStream;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
}

/** Says how far some work is. */
export interface Counter {
  update: (done: number, total?: number) => void;
  /** Ends the line, after success and failure alike. */
  finish: () => void;
}

const liveMs = 100;
const plainMs = 10_000;

/** A live line with share and time left on a terminal; elsewhere a plain line now and then. */
export function counter(label: string, options: CounterOptions): Counter {
  const { shown, stream = process.stderr, now = () => performance.now() } = options;
  const live = stream.isTTY === true && process.env['TERM'] !== 'dumb';
  let { total } = options;
  let first: { at: number; done: number } | undefined;
  let last = now();
  let drawn = false;
  return {
    update(done, newTotal) {
      const at = now();
      total = newTotal ?? total;
      first ??= { at, done };
      if (at - last < (live ? liveMs : plainMs) && !(live && !drawn)) return;
      last = at;
      drawn = true;
      const text = [label, amount(done, total, shown), timeLeft(first, { at, done, total })]
        .filter(Boolean)
        .join('  ');
      stream.write(live ? `\r${text}\x1b[K` : `${text}\n`);
    },
    finish() {
      if (live && drawn) stream.write('\n');
    },
  };
}

function amount(done: number, total: number | undefined, shown: (amount: number) => string): string {
  if (!total) return shown(done);
  return `${shown(done)} of ${shown(total)} (${Math.floor((100 * done) / total)} %)`;
}

function timeLeft(
  first: { at: number; done: number },
  { at, done, total }: { at: number; done: number; total: number | undefined },
): string {
  if (total === undefined || done <= first.done) return '';
  const seconds = Math.round((((at - first.at) / (done - first.done)) * (total - done)) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left`;
}
