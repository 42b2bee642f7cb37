import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canStartSlurm, NEEDS_SLURM, startSlurm } from '@resizer-lab/suite/testing/slurm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  cellFolders,
  expectNoStack,
  linesOf,
  ownFolder,
  resizer,
  writeConfig,
} from './testing/resizer.fixture.ts';

const cwd = ownFolder();
// Long enough that a cell can be met at work.
beforeAll(() => writeConfig(join(cwd, 'tiny.yaml'), { '1 epoch': '5 epochs', '2 epochs': '5 epochs' }));

describe.concurrent('without Slurm', () => {
  // Only Node is on the path.
  const bin = join(cwd, 'bin');
  beforeAll(() => void mkdirSync(bin));
  const place = {
    cwd,
    env: { PATH: bin, RESIZER_WEIGHTS: "/it's/here", TF_ENABLE_ONEDNN_OPTS: '0', SECRET: 'x' },
  };

  it('--dry-run prints the scripts, and writes nothing', async () => {
    const options = [
      '--partition',
      'gpu',
      '--time',
      '2:00:00',
      '--gres',
      'gpu:1',
      '--account',
      'a',
      '--qos',
      'q',
    ];
    const more = ['--mem', '8G', '--cpus', '4', '--array-limit', '9', '--sbatch', '--comment a "b"'];
    const args = ['submit', 'tiny.yaml', '--dry-run', '--results', 'none', ...options, ...more];
    const { code, stdout, stderr } = await resizer(args, place);
    expect([code, stderr]).toEqual([0, '']);
    const [first, second, ...others] = stdout.split(/^# \S+level-\d\.sh: /m).slice(1);
    expect(others).toEqual([]);
    expect(first).toMatch(/^1 cell\n# {3}0: [0-9a-f]{16} mobilenetv2_0\.35\/baseline\/seed1\n#!/);
    expect(second).toMatch(/^2 cells, after all of level 1\n/);
    for (const line of [
      ...['--array=0-1%9', '--partition=gpu', '--time=2:00:00', '--gres=gpu:1', '--account=a', '--qos=q'],
      ...['--mem=8G', '--cpus-per-task=4', String.raw`--comment="a \"b\""`].flat(),
    ]) {
      expect(second).toContain(`\n#SBATCH ${line}\n`);
    }
    for (const line of [
      `RESIZER_DATA=${join(cwd, 'data')}`,
      String.raw`RESIZER_WEIGHTS='/it'\''s/here'`,
      'TF_ENABLE_ONEDNN_OPTS=0',
    ]) {
      expect(second).toContain(`\nexport ${line}\n`);
    }
    expect(second).toMatch(/\nexport RESIZER_CACHE=\S/);
    expect(stdout).not.toContain('SECRET');
    expect(existsSync(join(cwd, 'none'))).toBe(false);
  });

  it('--only leaves out the cells that are not named, and says what it could have named', async () => {
    const args = ['submit', 'tiny.yaml', '--dry-run', '--only'];
    const { code, stdout } = await resizer([...args, '*/learned/*'], place);
    expect(code).toBe(0);
    expect([...stdout.matchAll(/^# {3}\d: [0-9a-f]{16} (\S+)$/gm)].map(([, id]) => id)).toEqual([
      'mobilenetv2_0.35/baseline/seed1',
      'mobilenetv2_0.35/learned/seed1',
    ]);
    const none = await resizer([...args, 'learned'], place);
    expect([none.code, none.stdout]).toEqual([2, '']);
    expect(none.stderr).toMatch(
      /^--only "learned" matches none of the 3 cells; it is compared with their ids, such as "mobilenetv2_0\.35\/baseline\/seed1" .*\n$/,
    );
  });

  it('--dry-run --json is the same for scripts', async () => {
    const { code, stdout } = await resizer(['submit', 'tiny.yaml', '--dry-run', '--json'], place);
    expect(code).toBe(0);
    const cell = {
      id: expect.stringContaining('/seed1') as string,
      key: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    };
    const script = expect.stringContaining('#SBATCH') as string;
    expect(JSON.parse(stdout)).toMatchObject([
      {
        suite: 'tiny',
        arrays: [
          { name: 'level-1', level: 1, job: null, after: [], cells: [cell], script },
          { name: 'level-2', level: 2, job: null, after: [], cells: [cell, cell], script },
        ],
        left: { done: [], running: [], queued: [], failed: [], blocked: [] },
      },
    ]);
  });

  it.each([
    [
      [],
      1,
      /^sbatch is not on the path: submit on a login node of a Slurm cluster, or see the scripts with --dry-run\n$/,
    ],
    [['--cpus', '0'], 2, /^"0" must be a whole number from 1\n$/],
    [['--time', '3'], 2, /^--time 3 is too short: /],
    [
      ['--partition', 'a\nb'],
      2,
      /^"--partition=a\\nb" holds control characters, which a Slurm script cannot; change it\n$/,
    ],
    [
      ['--sbatch', '-C x'],
      2,
      /^--sbatch "-C x": must be one option in its long form, such as --sbatch '--constraint=a100'\n$/,
    ],
    [
      ['--sbatch', '--array=1'],
      2,
      /^sbatch's option --array is decided by the submission itself; leave it out\n$/,
    ],
    [
      ['--results', 'a\\b'],
      2,
      /^\S+: Slurm cannot write logs below a path with a backslash; choose another --results\n$/,
    ],
  ])('%s is refused in one line', async (options, code, message) => {
    const ended = await resizer(['submit', 'tiny.yaml', ...options], place);
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr).toMatch(message);
    expectNoStack(ended);
  });

  it('a task cannot be run by hand', async () => {
    const ended = await resizer(['task', 'x.json'], place);
    expect(ended).toEqual({
      code: 2,
      stdout: '',
      stderr: 'this is no task of a Slurm array; `resizer submit` makes them\n',
    });
  });
});

describe.skipIf(!canStartSlurm)(`on a real Slurm ${NEEDS_SLURM}`, () => {
  let stop: () => Promise<void>;
  beforeAll(async () => {
    stop = await startSlurm();
  }, 60_000);
  afterAll(() => stop(), 30_000);

  const slurm = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8' });
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await sleep(50);
  };
  const idle = () => until(() => slurm('squeue', '--noheader') === '');
  const tablesIn = (folder: string) =>
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]);

  it('a suite whose tasks were requeued and killed ends with the tables of a local run, to the byte', {
    timeout: 300_000,
  }, async () => {
    const suite = join(cwd, 'cluster/tiny');
    const submit = () => resizer(['submit', 'tiny.yaml', '--results', 'cluster'], { cwd });
    const first = await submit();
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(first.stdout).toMatch(
      /^tiny: 3 cells in 2 job arrays\n {2}level 1: job 1, 1 cell\n {2}level 2: job 2, 2 cells, after job 1\nScripts /,
    );
    const cells = cellFolders(suite);
    const isAtWork = (arm: string) => () => linesOf(cells[arm]!) >= 10;

    await until(isAtWork('baseline'));
    slurm('scontrol', 'requeue', '1_0');
    await until(() => slurm('squeue', '--noheader', '--jobs=1_0', '--format=%T') === 'PENDING\n');
    expect(existsSync(join(cells['baseline']!, 'result.json'))).toBe(false);
    const queued = await resizer(['status', 'cluster/tiny'], { cwd });
    expect(queued.stdout).toContain('3 cells: 3 queued; Slurm: 1 BeginTime, 2 Dependency\n');
    expect((await submit()).stderr).toBe('tiny: 3 cells submitted already\n');
    slurm('scontrol', 'update', 'JobId=1_0', 'StartTime=now');

    await until(isAtWork('learned'));
    const { pid } = JSON.parse(readFileSync(join(cells['learned']!, 'cell.holder.lock'), 'utf8')) as {
      pid: number;
    };
    process.kill(pid, 'SIGKILL');
    await idle();
    const states = await resizer(['status', 'cluster/tiny'], { cwd });
    expect(states.stdout).toMatch(
      /3 cells: 2 done, 1 interrupted\n {4}interrupted \S+\/learned\/seed1 {2}Slurm task 2_1 failed \(NonZeroExitCode\): \S+\/2_1\.log\n$/,
    );
    const again = await submit();
    expect(again.stdout).toMatch(/^tiny: 1 cell in 1 job array\n/);
    expect(again.stderr).toBe('tiny: 2 cells done already\n');
    await idle();

    expect((await resizer(['run', 'tiny.yaml', '--results', 'local'], { cwd })).code).toBe(0);
    expect((await resizer(['tables', 'cluster/tiny'], { cwd })).code).toBe(0);
    const tables = tablesIn(join(suite, 'tables'));
    expect(tables).toHaveLength(3);
    expect(tables).toEqual(tablesIn(join(cwd, 'local/tiny/tables')));
  });

  it('an unknown partition is refused in one line, which is Slurm’s', async () => {
    const ended = await resizer(['submit', 'tiny.yaml', '--partition', 'nowhere', '--results', 'no'], {
      cwd,
    });
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toMatch(/^sbatch refused \S+: invalid partition specified: nowhere; [^\n]*\n$/);
  });
});
