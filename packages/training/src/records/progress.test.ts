import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ProgressUpdate, progressView } from './index.ts';
import { runModule } from './tiny-disk.fixture.ts';

/** A terminal that understands what the view writes. A Chinese character takes two columns. */
function terminal(columns: number) {
  const rows = [''];
  let column = 0;
  let wraps = true;
  const put = (character: string) => {
    if (column === columns) {
      if (!wraps) return;
      rows.push('');
      column = 0;
    }
    rows[rows.length - 1] =
      rows.at(-1)!.slice(0, column).padEnd(column) + character + rows.at(-1)!.slice(column + 1);
    column++;
  };
  const control: Record<string, () => void> = {
    '\r': () => (column = 0),
    '\n': () => {
      rows.push('');
      column = 0;
    },
    '\x1b[K': () => (rows[rows.length - 1] = rows.at(-1)!.slice(0, column)),
    '\x1b[?7l': () => (wraps = false),
    '\x1b[?7h': () => (wraps = true),
  };
  return {
    isTTY: true,
    columns,
    rows,
    writes: 0,
    wraps: () => wraps,
    write(text: string) {
      this.writes++;
      for (const token of text.match(/\x1b\[\??\d*[a-zA-Z]|[\s\S]/gu) ?? []) {
        if (control[token] !== undefined) control[token]();
        else for (const cell of /\p{Script=Han}/u.test(token) ? [token, ''] : [token]) put(cell);
      }
    },
  };
}

function plain() {
  const output = { isTTY: false, text: '', write: (text: string) => (output.text += text) };
  return output;
}

function clock() {
  const time = { ms: 0, now: () => time.ms };
  return time;
}

const at = (step: number, more: Partial<ProgressUpdate> = {}): ProgressUpdate => ({
  step,
  steps: 942,
  epoch: 3,
  epochs: 6,
  loss: 1.234,
  images: step * 32,
  ...more,
});

describe('on a terminal', () => {
  it('shows one line: name, epoch, step, loss, speed and time left', () => {
    const [screen, time] = [terminal(100), clock()];
    const view = progressView('baseline', { stream: screen, now: time.now });
    for (let step = 400; step <= 412; step++, time.ms += 100) view.update(at(step));
    expect(screen.rows).toEqual(['baseline  epoch 3/6  step 412/942  loss 1.234  320 img/s  0:53 left']);
    time.ms += 1000;
    view.finish();
    expect(screen.rows).toEqual(['baseline  epoch 3/6  step 412/942  loss 1.234  320 img/s  took 0:03', '']);
  });

  it('draws at most ten times a second, and the last state at the end', () => {
    const [screen, time] = [terminal(100), clock()];
    const view = progressView('baseline', { stream: screen, now: time.now });
    for (let step = 1; step <= 942; step++, time.ms += 1) view.update(at(step));
    expect(screen.writes).toBe(10);
    view.finish();
    expect(screen.rows[0]).toContain('step 942/942');
  });

  it('prints log lines above the live line', () => {
    const [screen, time] = [terminal(100), clock()];
    const view = progressView('baseline', { stream: screen, now: time.now });
    view.log('started');
    view.update(at(1));
    view.log('a checkpoint was saved\nin two lines\n');
    expect(screen.rows).toEqual([
      'started',
      'a checkpoint was saved',
      'in two lines',
      'baseline  epoch 3/6  step 1/942  loss 1.234',
    ]);
    view.finish();
    view.log('next');
    expect(screen.rows.slice(3)).toEqual([
      'baseline  epoch 3/6  step 1/942  loss 1.234  took 0:00',
      'next',
      '',
    ]);
  });

  it('fits any width, dropping what matters least', () => {
    const line = (columns: number) => {
      const [screen, time] = [terminal(columns), clock()];
      const view = progressView('baseline', { stream: screen, now: time.now });
      for (const step of [1, 2]) {
        view.update(at(step));
        time.ms += 1000;
      }
      expect(screen.rows).toHaveLength(1);
      view.finish();
      return screen.rows[0]!.replace(/took .*/, 'took');
    };
    expect(line(80)).toBe('baseline  epoch 3/6  step 2/942  loss 1.234  32 img/s  took');
    expect(line(60)).toBe('baseline  epoch 3/6  step 2/942  loss 1.234  took');
    expect(line(50)).toBe('baseline  step 2/942  loss 1.234  took');
    expect(line(40)).toBe('baseline  step 2/942  took');
    expect(line(25)).toBe('baseline  took');
    expect(line(16)).toBe('bas…  took');
  });

  it('does not wrap where characters are wider than they count', () => {
    const screen = terminal(60);
    const view = progressView('画像縮小'.repeat(10), { stream: screen, now: () => 0 });
    view.update(at(1));
    view.log('above');
    expect(screen.rows.map((row) => row.slice(0, 5))).toEqual(['above', '画 像 縮']);
    view.finish();
  });

  it('never takes a second row or leaves wrapping off, whatever the name', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.oneof(
            fc.constantFrom('画', '\x1b', '[', '\n'),
            fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
          ),
          maxLength: 60,
        }),
        fc.integer({ min: 1, max: 90 }),
        (name, columns) => {
          const screen = terminal(columns);
          const view = progressView(name, { stream: screen, now: () => 0 });
          view.update(at(1));
          view.update(at(2));
          expect(screen.rows).toHaveLength(1);
          expect(screen.wraps()).toBe(true);
          view.finish();
        },
      ),
    );
  });

  it('leaves the prompt its own line when the process ends without a word', () => {
    const source = `
      import { progressView } from ${JSON.stringify(join(import.meta.dirname, 'progress.ts'))};
      const stream = { isTTY: true, columns: 80, write: (text) => process.stdout.write(text) };
      progressView('run', { stream }).update(${JSON.stringify(at(1))});
      process.exit(1);`;
    const { stdout } = spawnSync(process.execPath, runModule(source), {
      encoding: 'utf8',
      cwd: import.meta.dirname,
    });
    expect(stdout).toMatch(/loss 1\.234.*\n$/s);
    expect(stdout).not.toContain('\x1b[?25l');
  });
});

describe('what it says', () => {
  function lineAfter(updates: readonly [ms: number, update: ProgressUpdate][]): string {
    const [screen, time] = [terminal(200), clock()];
    const view = progressView('run', { stream: screen, now: time.now });
    for (const [ms, update] of updates) {
      time.ms = ms;
      view.update(update);
    }
    view.finish();
    return screen.rows[0]!;
  }
  function leftAfter(seconds: number): string {
    const [screen, time] = [terminal(200), clock()];
    const view = progressView('run', { stream: screen, now: time.now });
    view.update(at(0, { steps: 2 }));
    time.ms = seconds * 1000;
    view.update(at(1, { steps: 2 }));
    return screen.rows[0]!.split('  ').at(-1)!;
  }

  it('smooths the loss without bias towards zero, and follows it within some hundred steps', () => {
    expect(lineAfter([[0, at(1, { loss: 4 })]])).toContain('loss 4.000');
    const fall = Array.from(
      { length: 900 },
      (_, i) => [i, at(i + 1, { loss: i < 600 ? 4 : 1 })] as [number, ProgressUpdate],
    );
    expect(lineAfter(fall)).toContain('loss 1.007'); // 1 + 3 · 0.98³⁰⁰ = 1.007
  });

  it('gives the same loss when only every tenth step is told', () => {
    const every = (n: number) =>
      Array.from(
        { length: 600 / n },
        (_, i) => [i, at((i + 1) * n, { loss: i * n < 300 ? 4 : 2 })] as [number, ProgressUpdate],
      );
    const loss = (line: string) => Number(/loss (\S+)/.exec(line)?.[1]);
    expect(loss(lineAfter(every(10)))).toBeCloseTo(loss(lineAfter(every(1))), 2);
  });

  it('measures the speed of the last ten seconds', () => {
    const slowThenFast = [0, 20, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50].map(
      (s, i) => [s * 1000, at(i, { images: s <= 40 ? s : 40 + (s - 40) * 100 })] as [number, ProgressUpdate],
    );
    expect(lineAfter(slowThenFast)).toContain(' 100 img/s');
    expect(
      lineAfter([
        [0, at(1, { images: 8 })],
        [30_000, at(2, { images: 16 })],
      ]),
    ).toContain(' 0.3 img/s');
  });

  it('writes the time left as minutes and hours', () => {
    expect(leftAfter(65)).toBe('1:05 left');
    expect(leftAfter(59.2)).toBe('1:00 left');
    expect(leftAfter(2 * 3600 + 3 * 60 + 5)).toBe('2:03:05 left');
  });

  it('counts the speed of a resumed run from where it resumed', () => {
    const line = lineAfter([
      [0, at(500)],
      [1000, at(501)],
    ]);
    expect(line).toContain(' 32 img/s');
  });
});

describe('elsewhere', () => {
  it.each([
    ['30 s when a tenth is quicker', 100, ['step 300', 'step 600', 'step 900', 'step 942']],
    [
      'a tenth when 30 s are quicker',
      10_000,
      [95, 190, 285, 380, 475, 570, 665, 760, 855, 942].map((s) => `step ${s}`),
    ],
  ])('prints plain lines every %s', (_, msPerStep, steps) => {
    const [output, time] = [plain(), clock()];
    const view = progressView('baseline', { stream: output, now: time.now });
    for (let step = 0; step <= 942; step++, time.ms += msPerStep) view.update(at(step));
    view.finish();
    expect(output.text).not.toMatch(/[\r\x1b]/);
    expect(
      output.text
        .trimEnd()
        .split('\n')
        .map((line) => /step \d+/.exec(line)?.[0]),
    ).toEqual(steps);
  });

  it('is silent without updates', () => {
    const output = plain();
    progressView('baseline', { stream: output }).finish();
    expect(output.text).toBe('');
  });
});
