import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Contestant, type Entrant } from './contestant.ts';
import { type Measured, measure } from './measure.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A contestant whose steps take 0.1 s by its own account; it notes its turns, and tells its pid. */
function pretender(name: string, { log, diesAt = Infinity }: { log: string; diesAt?: number }): Entrant {
  const program = `
    const { appendFileSync } = require('node:fs');
    let steps = 0;
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { run } = JSON.parse(line);
      if (run) appendFileSync(${JSON.stringify(log)}, '${name}' + run + ' ');
      steps += run ?? 0;
      if (steps >= ${diesAt}) { console.error('out of luck'); process.exit(3); }
      const about = { versions: { pid: String(process.pid) }, threads: 1, multiplyAdds: 1, trainable: 1 };
      console.log(JSON.stringify(run ? { seconds: Array(run).fill(0.1) } : about));
    });`;
  return { name, command: process.execPath, args: ['-e', program] };
}

const stateOf = (pid: string) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').charAt(0);

it('lets contestants take turns: first step, warm-up, then as many steps as fill a turn, after one that does not count', async () => {
  const log = join(folder, 'turns');
  const outcomes = await measure(
    [pretender('A', { log }), pretender('B', { log })],
    { rounds: 2, turnSeconds: 0.4 },
    () => undefined,
  );
  expect(readFileSync(log, 'utf8').trim()).toBe('A1 A3 B1 B3 A5 B5 A5 B5');
  const [a] = outcomes as Measured[];
  expect(a!.rounds).toEqual([Array(4).fill(0.1), Array(4).fill(0.1)]);
  expect(a!.secondsToFirstStep).toBeGreaterThan(0.01);
  expect(a!.peakMemory).toBeGreaterThan(10e6);
});

it('reports who fails, with the reason, and goes on without', async () => {
  const log = join(folder, 'failures');
  const absent = { name: 'C', command: join(folder, 'no-such-program'), args: [] };
  const outcomes = await measure(
    [pretender('A', { log, diesAt: 6 }), pretender('B', { log }), absent],
    { rounds: 2, turnSeconds: 0.1 },
    () => undefined,
  );
  expect(outcomes[0]).toEqual({
    name: 'A',
    failure: 'A ended with exit code 3. Its last words: out of luck',
  });
  expect((outcomes[1] as Measured).rounds).toHaveLength(2);
  expect(outcomes[2]).toMatchObject({ failure: expect.stringContaining('ENOENT') as string });
});

it('suspends a contestant between its turns and leaves none behind', async () => {
  const contestant = await Contestant.start(pretender('A', { log: join(folder, 'suspended') }));
  const { pid } = (await contestant.describe()).versions;
  await expect.poll(() => stateOf(pid!)).toBe('T');
  expect(await contestant.run(2)).toEqual([0.1, 0.1]);
  await contestant.stop();
  expect(() => stateOf(pid!)).toThrow('ENOENT');
});
