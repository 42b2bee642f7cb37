import type { RunEvent } from '@resizer-lab/suite';
import { holderText } from '@resizer-lab/suite';
import { type ProgressView, progressView } from '@resizer-lab/training/records';

/** Shows a run on standard error: a live line for the cell at work, a line for each that ended. */
export function runView(): { show: (event: RunEvent) => void; finish: () => void } {
  let live: ProgressView | undefined;
  const finish = () => {
    live?.finish();
    live = undefined;
  };
  const line = (text: string) => {
    if (live) live.log(text);
    else console.error(text);
  };
  return {
    finish,
    show(event) {
      const { cell, config } = event;
      const name = `${config}: ${cell.id}`;
      switch (event.kind) {
        case 'started':
          live = progressView(name);
          break;
        case 'progress':
          live?.update(event.update);
          break;
        case 'done':
          finish();
          if (event.earlier) line(`${name}  done earlier`);
          break;
        case 'failed':
          finish();
          line(`${name}  FAILED${event.earlier ? ' earlier' : ''}: ${event.reason}`);
          // The log of a clear error ends with the reason itself.
          for (const logged of event.log) if (!event.reason.startsWith(logged)) line(`    ${logged}`);
          break;
        case 'skipped':
          line(`${name}  skipped: ${event.reason}`);
          break;
        case 'waiting':
          line(`${name}  is being run by ${holderText(event.holder)}; waiting for it`);
          break;
      }
    },
  };
}
