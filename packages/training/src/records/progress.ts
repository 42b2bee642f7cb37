import { stripVTControlCharacters } from 'node:util';
import { duration, type Part, type ProgressUpdate, runMeter } from './meter.ts';

/** Where progress is written; `process.stderr` is one. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** The progress of one run, on a terminal or in a log. */
export interface ProgressView {
  update(update: ProgressUpdate): void;
  /** Prints text above the live line. */
  log(text: string): void;
  /** Leaves the last state as an ordinary line, with the time taken. To be called after a failure as well. */
  finish(): void;
}

const redrawMs = 100;
const plainMs = 30_000;
const plainShare = 0.1;

/**
 * Shows how far a run is. On a terminal, one live line that fits its width:
 *
 *     baseline  epoch 3/6  step 412/942  loss 1.234  312 img/s  1:05 left
 *
 * Elsewhere the same as plain lines, each at least a tenth of the run and 30 seconds after the
 * one before, and one at the end.
 * The cursor is never hidden, and wrapping is off only within one write, so that nothing has to
 * be restored however the process ends. `now`: milliseconds of a clock that never goes back.
 */
export function progressView(
  name: string,
  {
    stream = process.stderr,
    now = () => performance.now(),
  }: { stream?: ProgressStream; now?: () => number } = {},
): ProgressView {
  const label = stripVTControlCharacters(name).replace(/\p{Cc}/gu, ' ');
  const live = stream.isTTY === true && process.env['TERM'] !== 'dumb';
  const started = now();
  const meter = runMeter();
  let shown: { at: number; step: number } | undefined;

  const draw = (parts: readonly Part[]) => {
    const line = live ? fit(label, parts, (stream.columns ?? 80) - 1) : join(label, parts);
    stream.write(live ? `\r\x1b[?7l${line}\x1b[K\x1b[?7h` : `${line}\n`);
  };
  // A shell's prompt belongs below the live line.
  const endLine = () => {
    if (live && shown !== undefined) stream.write('\n');
  };
  process.once('exit', endLine);

  return {
    update(update) {
      const at = now();
      meter.add(update, at);
      if (!live) shown ??= { at, step: update.step };
      if (shown !== undefined && !(live ? redrawIsDue(shown, at) : lineIsDue(shown, at, update))) return;
      shown = { at, step: update.step };
      draw(meter.parts());
    },
    log(text) {
      const redraw = live && shown !== undefined;
      stream.write(`${redraw ? '\r\x1b[K' : ''}${text}${text.endsWith('\n') ? '' : '\n'}`);
      if (redraw) draw(meter.parts());
    },
    finish() {
      process.off('exit', endLine);
      const parts = meter.parts().filter(({ text }) => !text.endsWith(' left'));
      if (parts.length === 0) return;
      draw([...parts, { text: `took ${duration(now() - started)}`, rank: 4 }]);
      endLine();
      shown = undefined;
    },
  };
}

const redrawIsDue = (shown: { at: number }, at: number): boolean => at - shown.at >= redrawMs;

function lineIsDue(
  shown: { at: number; step: number },
  at: number,
  { step, steps }: ProgressUpdate,
): boolean {
  return at - shown.at >= plainMs && step - shown.step >= plainShare * steps;
}

const join = (label: string, parts: readonly Part[]): string =>
  [label, ...parts.map(({ text }) => text)].join('  ');

/** The line in at most `width` columns: first the least important parts go, then the end of the label. */
function fit(label: string, parts: readonly Part[], width: number): string {
  let kept = parts;
  while (kept.length > 1 && join(label, kept).length > width) {
    const least = Math.min(...kept.map(({ rank }) => rank));
    kept = kept.filter(({ rank }) => rank !== least);
  }
  const line = join(label, kept);
  if (line.length <= width) return line;
  const room = Math.max(0, label.length - (line.length - width) - 1);
  return `${join(`${label.slice(0, room)}…`, kept)}`.slice(0, Math.max(0, width));
}
