import type { Child } from './child.ts';

/** Signals that ask this program to end. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/** npm and a terminal both pass one Ctrl-C on: a second signal means it only some time after the first. */
const REPEAT_MS = 1000;

/** Whether and why a run is to end, and the way to end its child. */
export interface Stop {
  /** Aborted by the first stop signal, or by the loss of a lock. */
  readonly signal: AbortSignal;
  /** The stop signal that was received, if any. */
  readonly by: () => StopSignal | undefined;
  /** Passes stop signals on to this child until it has ended; the second one kills it. */
  watch(child: Child): void;
  dispose(): void;
}

/** Listens for stop signals until disposed of. `lost`: signals of the locks that the run depends on. */
export function listenForStop(lost: readonly AbortSignal[]): Stop {
  const told = new AbortController();
  let first: { by: StopSignal; at: number } | undefined;
  let child: Child | undefined;
  const onSignal = (name: StopSignal) => {
    const again = first !== undefined && performance.now() - first.at > REPEAT_MS;
    first ??= { by: name, at: performance.now() };
    child?.kill(again ? 'SIGKILL' : name);
    told.abort();
  };
  const onLost = () => child?.kill('SIGTERM');
  for (const name of STOP_SIGNALS) process.on(name, onSignal);
  for (const signal of lost) signal.addEventListener('abort', onLost);
  const signal = AbortSignal.any([told.signal, ...lost]);
  return {
    signal,
    by: () => first?.by,
    watch(started) {
      child = started;
      // It may have come between the decision to start and now.
      if (signal.aborted) started.kill(first?.by ?? 'SIGTERM');
    },
    dispose() {
      for (const name of STOP_SIGNALS) process.off(name, onSignal);
      for (const name of lost) name.removeEventListener('abort', onLost);
    },
  };
}
