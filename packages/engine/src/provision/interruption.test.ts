import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type FakeCheckout, fakeWorld, filesBelow } from './fake-checkout.ts';

const world = fakeWorld();
afterAll(world.remove);

/** Each step of set-up, by the stand-in that it calls and what slows that down. */
const steps = [
  ['npm ci', 'SLOW_NPM'],
  ['pip', 'SLOW_PIP'],
  ['unpack', 'SLOW_UNPACK'],
  ['node-gyp', 'SLOW_GYP'],
] as const;

const leftovers = ({ cache }: FakeCheckout) => filesBelow(cache).filter((name) => /^tmp|lock/.test(name));

/** The processes that the lock names: set-up, and the program that it runs. */
const pids = ({ cache }: FakeCheckout) =>
  (JSON.parse(readFileSync(join(cache, 'setup.lock'), 'utf8')) as { pids: number[] }).pids;

/** Resolves when a stand-in is at work, and the lock names it. */
async function atWork(checkout: FakeCheckout, call: string): Promise<void> {
  while (checkout.calls().at(-1) !== call || !existsSync(`/proc/${pids(checkout)[1]}`)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a set-up that is killed', () => {
  it.concurrent.each(steps)('leaves nothing that a later one takes for whole: %s', async (call, slow) => {
    const checkout = world.checkout(`killed-${slow}`);
    const victim = checkout.begin('setup', [], { [slow]: '30' });
    await atWork(checkout, call);
    const [own, child] = pids(checkout);
    expect(own).toBe(victim.child.pid);
    for (const pid of [own!, child!]) process.kill(pid, 'SIGKILL');
    await victim.done;
    const again = await checkout.begin('setup').done;
    expect(again.code, again.printed).toBe(0);
    expect(readFileSync(join(checkout.engine().library, 'libtensorflow_cc.so.2'), 'utf8')).toHaveLength(5000);
    expect(leftovers(checkout)).toEqual([]);
  });

  it.concurrent('is waited for as long as the program lives that it had started', async () => {
    const checkout = world.checkout('orphan');
    const victim = checkout.begin('setup', [], { SLOW_NPM: '4' });
    await atWork(checkout, 'npm ci');
    victim.child.kill('SIGKILL');
    await victim.done;
    const again = await checkout.begin('setup').done;
    expect(again.code, again.printed).toBe(0);
    // The orphaned npm was let finish: nothing was installed into its folder meanwhile, or again.
    expect(checkout.calls().filter((call) => call === 'npm ci')).toHaveLength(1);
  });

  it.concurrent('cleans up after itself when it is asked to end', async () => {
    const checkout = world.checkout('asked');
    const stopped = checkout.begin('setup', [], { SLOW_GYP: '30' });
    await stopped.until('Compiling');
    stopped.child.kill('SIGTERM');
    const { code, printed } = await stopped.done;
    expect(code).toBe(143);
    expect(printed).toContain('Set-up was stopped. Run it again to go on.');
    expect(leftovers(checkout)).toEqual([]);
    expect((await checkout.begin('setup').done).code).toBe(0);
    // What was whole is kept: only the binding is begun again.
    expect(checkout.calls().filter((call) => call !== 'node-gyp')).toEqual(['npm ci', 'pip', 'unpack']);
  });
});

describe('two set-ups at once', () => {
  it.concurrent('do the work once; the second says whom it waits for', async () => {
    const a = world.checkout('both-a', 'cache-both');
    const b = world.checkout('both-b', 'cache-both');
    const first = a.begin('setup', [], { SLOW_GYP: '1' });
    await first.until('Installing');
    const second = b.begin('setup');
    const [one, two] = await Promise.all([first.done, second.done]);
    expect([one.code, two.code], one.printed + two.printed).toEqual([0, 0]);
    expect(two.printed).toContain(`Waiting for the set-up of ${a.root} (process ${first.child.pid})`);
    expect(b.calls()).toEqual(['npm ci']);
    expect(b.engine()).toEqual(a.engine());
  });

  it.concurrent('in one checkout install its packages once', async () => {
    const { begin, calls } = world.checkout('same');
    const results = await Promise.all([begin('setup').done, begin('setup').done, begin('setup').done]);
    expect(results.map((result) => result.code)).toEqual([0, 0, 0]);
    expect(calls()).toEqual(['npm ci', 'pip', 'unpack', 'node-gyp', 'node-gyp']);
  });

  it.concurrent('clear the rubbish of earlier ones', async () => {
    const checkout = world.checkout('rubbish');
    const rubbish = join(checkout.cache, 'tmp/download-1234');
    mkdirSync(rubbish, { recursive: true });
    writeFileSync(join(rubbish, 'half.whl'), '');
    expect((await checkout.begin('setup').done).code).toBe(0);
    expect(existsSync(rubbish)).toBe(false);
  });
});
