import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadConfigs, readSuite } from '../index.ts';
import { takeLock } from '../lock.ts';
import { writeFailure, writePlan } from '../ledger.ts';
import { planSuite } from '../plan.ts';
import { config, dataRoot, folder, ownFolder, results } from '../testing/harness.ts';
import { noop } from '../testing/noop-study.ts';
import { type DraftOptions, draftSubmissions, slurmStates, submitDraft } from './index.ts';
import { calls, stubSlurm } from './testing/stubs.ts';

ownFolder();
afterEach(() => void vi.unstubAllEnvs());

const drafted = async (options: Partial<DraftOptions> = {}) => {
  const configs = await loadConfigs([join(folder, 'c.yaml')], [noop]);
  const [draft] = await draftSubmissions(configs, {
    results,
    dataRoot,
    only: [],
    retryFailed: false,
    sbatch: [],
    requeueLimit: 3,
    environment: {},
    command: (file) => ['/node', 'task', file],
    ...options,
  });
  return draft!;
};

/** sbatch gives one id after the other, from 10. */
const counting = (place: string) =>
  `n=10; [ -e '${place}/n' ] && read n < '${place}/n'; case "$*" in --version) ;; *) echo $n; echo $((n + 1)) > '${place}/n';; esac`;

/** The cell of a letter, its files written. */
async function cellOf(letter: string) {
  const [plan] = await planSuite(await loadConfigs([join(folder, 'c.yaml')], [noop]), { dataRoot });
  await writePlan(join(results, 's'), plan!);
  const { key } = plan!.cells.find(({ id }) => id.startsWith(letter))!;
  return { key, directory: join(results, 's', 'cells', key) };
}

describe('a draft', () => {
  it('is made without Slurm, and writes nothing', async () => {
    await stubSlurm(folder, {});
    const { arrays, folder: place } = await drafted({ arrayLimit: 4, sbatch: ['--partition=gpu x'] });
    expect(arrays.map(({ name, cells }) => [name, cells.map(({ id }) => id[0]).join('')])).toEqual([
      ['level-1', 'ad'],
      ['level-2', 'b'],
      ['level-3', 'c'],
    ]);
    expect(arrays[0]?.script.split('\n').filter((line) => /^(#SBATCH|exec)/.test(line))).toEqual([
      '#SBATCH --job-name=s-level-1',
      '#SBATCH --array=0-1%4',
      `#SBATCH --output=${place}/%A_%a.log`,
      '#SBATCH --open-mode=append',
      '#SBATCH --ntasks=1',
      '#SBATCH --requeue',
      '#SBATCH --signal=B:TERM@120',
      '#SBATCH --partition="gpu x"',
      `exec /node task ${place}/level-1.json`,
    ]);
    expect(await readdir(folder)).not.toContain('results');
  });

  it('has only the cells that a glob names, and those that they need', async () => {
    await stubSlurm(folder, {});
    const levels = async (...only: string[]) =>
      (await drafted({ only })).arrays.map(({ cells }) => cells.map(({ id }) => id[0]).join(''));
    expect(await levels('b/*')).toEqual(['a', 'b']);
    expect(await levels('d/*', 'b/**')).toEqual(['ad', 'b']);
    await expect(drafted({ only: ['x*'] })).rejects.toThrow(/^--only "x\*" matches none of the 4 cells; /);
    await expect(drafted({ only: ['x*'] })).rejects.toThrow(
      expect.objectContaining({ exitCode: 2 }) as Error,
    );
  });

  it('takes a level to pieces that the cluster takes', async () => {
    await stubSlurm(folder, { scontrol: 'echo "MaxArraySize            = 3"' });
    await config({ graph: '{ a: [], b: [], c: [], d: [], e: [a] }' });
    const { arrays } = await drafted();
    expect(arrays.map(({ name, cells }) => [name, cells.length])).toEqual([
      ['level-1-1', 3],
      ['level-1-2', 1],
      ['level-2', 1],
    ]);
  });

  it.each([
    [['--array=1-3'], /^sbatch's option --array is decided by the submission itself; leave it out$/],
    [['--wrap=x'], /^sbatch's option --wrap is decided/],
    [['--comment=a\nb'], /holds control characters/],
    [['--time=3'], /^--time 3 is too short: a task is told to stop up to 3 minutes before its limit$/],
    [['--time=2:59'], /^--time 2:59 is too short/],
    [['--time=0:03:00'], /^--time 0:03:00 is too short/],
    [['--time=0-0:2'], /^--time 0-0:2 is too short/],
  ])('refuses %s', async (sbatch, message) => {
    await stubSlurm(folder, {});
    await expect(drafted({ sbatch })).rejects.toThrow(expect.objectContaining({ exitCode: 2 }) as Error);
    await expect(drafted({ sbatch })).rejects.toThrow(message);
  });

  it.each(['4', '0', '3:01', '1:00:00', '1-0', '0-1:00', 'UNLIMITED', 'soon'])(
    'leaves the time %s to Slurm',
    async (time) => {
      await stubSlurm(folder, {});
      expect((await drafted({ sbatch: [`--time=${time}`] })).arrays).toHaveLength(3);
    },
  );

  it('leaves out what failed and what needs it, unless told to retry, and what a runner works on', async () => {
    await stubSlurm(folder, {});
    await writeFailure((await cellOf('b')).directory, { reason: 'x', log: [], when: '' });
    const taken = await takeLock(join((await cellOf('d')).directory, 'cell'));
    const left = async (options: Partial<DraftOptions> = {}) => {
      const draft = await drafted(options);
      const ids = Object.entries(draft.left).map(([why, cells]) => [
        why,
        cells.map(({ id }) => id[0]).join(''),
      ]);
      return { ...(Object.fromEntries(ids) as Record<string, string>), arrays: draft.arrays.length };
    };
    const none = { done: '', queued: '', failed: '', blocked: '' };
    expect(await left()).toEqual({ ...none, running: 'd', failed: 'b', blocked: 'c', arrays: 1 });
    expect(await left({ retryFailed: true })).toEqual({ ...none, running: 'd', arrays: 3 });
    if ('lock' in taken) await taken.lock.release();
  });
});

describe('a submission', () => {
  it('makes each level wait for all of the one before, and is written down', async () => {
    await stubSlurm(folder, { sbatch: counting(folder), scontrol: 'echo "MaxArraySize = 1"' });
    const draft = await drafted();
    expect(await submitDraft(draft)).toEqual([
      { name: 'level-1-1', job: '10', after: [], cells: 1 },
      { name: 'level-1-2', job: '11', after: [], cells: 1 },
      { name: 'level-2', job: '12', after: ['10', '11'], cells: 1 },
      { name: 'level-3', job: '13', after: ['12'], cells: 1 },
    ]);
    expect((await calls(folder)).filter((line) => line.includes('--parsable'))).toEqual([
      `sbatch --parsable ${draft.folder}/level-1-1.sh`,
      `sbatch --parsable ${draft.folder}/level-1-2.sh`,
      `sbatch --parsable --dependency=afterany:10:11 ${draft.folder}/level-2.sh`,
      `sbatch --parsable --dependency=afterany:12 ${draft.folder}/level-3.sh`,
    ]);
    expect(await readFile(join(draft.folder, 'level-2.sh'), 'utf8')).toBe(draft.arrays[2]?.script);
    expect(JSON.parse(await readFile(join(draft.folder, 'level-2.json'), 'utf8'))).toEqual({
      requeueLimit: 3,
      cells: [{ key: draft.arrays[2]?.cells[0]?.key, id: 'b/seed1' }],
    });
    const [plan] = await readSuite(join(results, 's'));
    expect(plan!.states.map(({ state }) => state)).toEqual(['ready', 'ready', 'waiting', 'waiting']);
  });

  it('a second one leaves out what is queued, and waits for it', async () => {
    await stubSlurm(folder, {
      sbatch: counting(folder),
      squeue: 'echo "10_0|s-level-1|RUNNING|None"; echo "11_0|s-level-2|COMPLETED|None"',
    });
    await submitDraft(await drafted());
    const draft = await drafted();
    expect(draft.left.queued.map(({ id }) => id[0])).toEqual(['a']);
    expect((await submitDraft(draft)).map(({ job, after }) => [job, ...after])).toEqual([
      ['13', '10'],
      ['14', '13'],
    ]);
  });

  it('without sbatch says where to go, before it writes anything', async () => {
    await stubSlurm(folder, {});
    const draft = await drafted();
    await expect(submitDraft(draft)).rejects.toThrow(
      /^sbatch is not on the path: submit on a login node of a Slurm cluster, or see the scripts with --dry-run$/,
    );
    expect(await readdir(folder)).not.toContain('results');
  });

  it('passes on in one line what sbatch complains of, and what was accepted before', async () => {
    const complain =
      'echo "sbatch: error: No more than 3 jobs" >&2; echo "sbatch: error: Batch job submission failed" >&2; exit 1';
    await stubSlurm(folder, { sbatch: `case "$*" in *level-3*) ${complain};; esac; ${counting(folder)}` });
    const draft = await drafted();
    await expect(submitDraft(draft)).rejects.toThrow(
      `sbatch refused ${draft.folder}/level-3.sh: No more than 3 jobs; Batch job submission failed. ` +
        'Jobs 10, 11 were submitted before it, and stay.',
    );
    await stubSlurm(folder, { squeue: 'echo "11_0|s-level-2|PENDING|Dependency"' });
    expect([...(await slurmStates(draft.suiteDir)).values()]).toMatchObject([{ task: '11_0' }]);
  });
});

describe('what Slurm says of the cells', () => {
  it('is nothing where there is no Slurm, or nothing was submitted', async () => {
    await stubSlurm(folder, {});
    expect(await slurmStates(join(results, 's'))).toEqual(new Map());
    await stubSlurm(folder, { sbatch: counting(folder) });
    await submitDraft(await drafted());
    expect(await slurmStates(join(results, 's'))).toEqual(new Map());
  });

  // Lines as Slurm 22.05's squeue and, after its documentation, sacct write them.
  it('comes from squeue, and from sacct what that has forgotten', async () => {
    await stubSlurm(folder, {
      sbatch: counting(folder),
      squeue:
        'echo "10_0|s-level-1|RUNNING|None"; echo "11_0|s-level-2|PENDING|Dependency"; echo "12_0|another|RUNNING|None"',
      sacct:
        'echo "10_0|s-level-1|PENDING|None"; echo "10_1|s-level-1|CANCELLED by 1000|None"; echo "11_[0-3]|s-level-2|PENDING|None"; echo "12_0|s-level-3|OUT_OF_MEMORY|OutOfMemory"',
    });
    const { suiteDir, folder: place } = await draftedAndSubmitted();
    const [plan] = await readSuite(suiteDir);
    const states = await slurmStates(suiteDir);
    const byLetter = plan!.cells.map(({ id, key }) => [id[0]!, states.get(key)] as const);
    expect(Object.fromEntries(byLetter)).toEqual({
      a: {
        state: 'running',
        isActive: true,
        task: '10_0',
        job: '10',
        reason: undefined,
        log: `${place}/10_0.log`,
      },
      d: expect.objectContaining({ state: 'cancelled', isActive: false, task: '10_1' }) as unknown,
      b: expect.objectContaining({ state: 'pending', isActive: true, reason: 'Dependency' }) as unknown,
      c: undefined,
    });
  });

  it('of two tasks of a cell is the active one, or else the later', async () => {
    const say = (first: string, second: string) =>
      stubSlurm(folder, {
        sbatch: counting(folder),
        squeue: `echo "10_0|s-level-1|${first}|None"; echo "13_0|s-level-1|${second}|None"`,
      });
    await say('COMPLETED', 'COMPLETED');
    const { suiteDir } = await draftedAndSubmitted();
    await writeFile(join(suiteDir, 'slurm', 'notes.txt'), 'no submission');
    await draftedAndSubmitted();
    const taskOfA = async () => (await slurmStates(suiteDir)).get((await cellOf('a')).key)?.task;
    expect(await taskOfA()).toBe('13_0');
    await say('RUNNING', 'COMPLETED');
    expect(await taskOfA()).toBe('10_0');
  });

  async function draftedAndSubmitted() {
    const draft = await drafted();
    await submitDraft(draft);
    return draft;
  }
});
