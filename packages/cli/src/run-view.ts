import type { RunEvent } from '@resizer-lab/suite';
import { holderText } from '@resizer-lab/suite';
import { type ProgressView, progressView } from '@resizer-lab/training/records';

/** Not a terminal: lines that stay, since several cells cannot share one live line. */
const plain = { write: (text: string) => process.stderr.write(text) };

/**
 * Shows a run on standard error: how far each cell at work is, and a line for each that ended. With one
 * cell at once a terminal gets a live line for it.
 */
export function runView({ jobs }: { jobs: number }): {
  show: (event: RunEvent) => void;
  finish: () => void;
} {
  const views = new Map<string, ProgressView>();
  const trained = new Set<string>();
  const line = (text: string) => {
    const live = jobs === 1 ? [...views.values()][0] : undefined;
    if (live) live.log(text);
    else console.error(text);
  };
  const end = (name: string) => {
    views.get(name)?.finish();
    views.delete(name);
  };
  return {
    finish: () => [...views.keys()].forEach(end),
    show(event) {
      const { cell, config } = event;
      const name = `${config}: ${cell.id}`;
      switch (event.kind) {
        case 'started':
          views.set(name, progressView(name, jobs === 1 ? {} : { stream: plain }));
          break;
        case 'progress':
          trained.add(name);
          views.get(name)?.update(event.update);
          break;
        case 'done':
          end(name);
          if (event.earlier) line(`${name}  done earlier`);
          // What is only evaluated makes no steps, of which its view could tell.
          else if (!trained.has(name)) line(`${name}  done  took ${clock(event.seconds)}`);
          break;
        case 'failed':
          end(name);
          line(`${name}  FAILED${event.earlier ? ' earlier' : ''}: ${event.reason}`);
          // The log of a clear error ends with the reason itself.
          for (const logged of event.log) if (!event.reason.startsWith(logged)) line(`    ${logged}`);
          break;
        case 'skipped':
          line(`${name}  skipped: ${event.reason}`);
          break;
        case 'waiting':
          end(name);
          line(`${name}  is being run by ${holderText(event.holder)}; waiting for it`);
          break;
      }
    },
  };
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
