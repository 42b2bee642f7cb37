import type { Child } from './child.ts';

/** Signals that ask this program to end. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/** npm and a terminal both pass one Ctrl-C on: a second signal means it only some time after the first. */
const REPEAT_MS = 1000;

/** Whether and why a run is to end, and the way to end its children. */
export interface Stop {
  /** Aborted when the run is to end. */
  readonly signal: AbortSignal;
  /** What ended it: the first stop signal, or that its time is up. */
  readonly by: () => StopSignal | 'time' | undefined;
  /** Passes on to this child, until it has ended, what ends the run. */
  watch(child: Child): void;
  /** Ends the run for a reason of its own. */
  now(): void;
  dispose(): void;
}

/**
 * Listens for stop signals, and for the end of the time that a run has, until disposed of. The
 * children are told to stop; a second signal kills them.
 */
export function listenForStop({ maxSeconds }: { maxSeconds?: number | undefined }): Stop {
  const told = new AbortController();
  const children = new Set<Child>();
  let by: StopSignal | 'time' | undefined;
  let signalled: number | undefined;
  const end = (signal: NodeJS.Signals) => {
    for (const child of children) child.kill(signal);
    told.abort();
  };
  const onSignal = (name: StopSignal) => {
    const again = signalled !== undefined && performance.now() - signalled > REPEAT_MS;
    signalled ??= performance.now();
    by ??= name;
    end(again ? 'SIGKILL' : name);
  };
  const onTime = () => {
    by ??= 'time';
    end('SIGTERM');
  };
  for (const name of STOP_SIGNALS) process.on(name, onSignal);
  const timer = maxSeconds === undefined ? undefined : setTimeout(onTime, maxSeconds * 1000);
  return {
    signal: told.signal,
    by: () => by,
    watch(child) {
      children.add(child);
      void child.ended.finally(() => children.delete(child));
      // It may have come between the decision to start and now.
      if (told.signal.aborted) child.kill(by === undefined || by === 'time' ? 'SIGTERM' : by);
    },
    now: () => end('SIGTERM'),
    dispose() {
      for (const name of STOP_SIGNALS) process.off(name, onSignal);
      clearTimeout(timer);
    },
  };
}
