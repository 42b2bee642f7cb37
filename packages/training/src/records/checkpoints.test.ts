import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@resizer-lab/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verify, whole } from './checkpoints.fixture.ts';
import { checkpointFolder } from './index.ts';
import { canMount, onTinyDisk, runModule } from './tiny-disk.fixture.ts';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'checkpoints-')), 'run');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

const writer = (content: string) => (path: string) => writeFile(path, whole(content));
const open = (keep?: number) => checkpointFolder(folder, keep === undefined ? { verify } : { verify, keep });
const names = () => readdirSync(folder).sort();

describe('a folder of checkpoints', () => {
  it('has none at first', async () => {
    expect(await open().latest()).toEqual({ checkpoint: undefined, damaged: [] });
  });

  it('keeps the last two, and all that have a name', async () => {
    const checkpoints = open();
    await checkpoints.saveAs('pretrained', writer('p'));
    for (const step of [9, 10, 100]) await checkpoints.save(step, writer(`step ${step}`));
    const final = await checkpoints.saveAs('final', writer('f'));
    expect(names()).toEqual([
      'final.safetensors',
      'pretrained.safetensors',
      'step-000000010.safetensors',
      'step-000000100.safetensors',
    ]);
    expect(readFileSync(final, 'utf8')).toBe(whole('f'));
    const { checkpoint } = await open().latest();
    expect(checkpoint).toEqual({ step: 100, path: join(folder, 'step-000000100.safetensors') });
    expect(readFileSync(checkpoint!.path, 'utf8')).toBe(whole('step 100'));
  });

  it('can keep only one, and replaces a step that is saved again', async () => {
    const checkpoints = open(1);
    for (const content of ['a', 'b']) await checkpoints.save(5, writer(content));
    expect(names()).toEqual(['step-000000005.safetensors']);
    expect(readFileSync(join(folder, names()[0]!), 'utf8')).toBe(whole('b'));
  });

  it('goes back to the newest whole one, and tells which are damaged', async () => {
    await open(3).save(1, writer('one'));
    await open(3).save(2, writer('two'));
    await open(3).save(3, writer('three'));
    writeFileSync(join(folder, 'step-000000003.safetensors'), 'thr');
    const found = await open().latest();
    expect(found.checkpoint?.step).toBe(2);
    expect(found.damaged).toEqual([
      { path: join(folder, 'step-000000003.safetensors'), reason: 'wrong digest' },
    ]);
    await open(1).save(2, writer('two'));
    expect(names()).toEqual(['step-000000002.safetensors']);
  });

  it('ignores what a killed process left, and removes it with the next save', async () => {
    await open().save(1, writer('one'));
    writeFileSync(join(folder, 'partial-step-000000002.safetensors'), whole('looks whole'));
    mkdirSync(join(folder, 'partial-step-000000003.safetensors.1234'));
    expect((await open().latest()).checkpoint?.step).toBe(1);
    await open().save(4, writer('four'));
    expect(names()).toEqual(['step-000000001.safetensors', 'step-000000004.safetensors']);
  });

  it('does not save what does not read back', async () => {
    await open().save(1, writer('one'));
    const saved = open().save(2, (path) => writeFile(path, 'cut off'));
    await expect(saved).rejects.toThrow(
      /cannot write checkpoint .*step-000000002\.safetensors: wrong digest/,
    );
    expect(names()).toEqual(['step-000000001.safetensors']);
  });

  it.each(['../final', 'a/b', 'step-000000001', 'partial-x', '', 'Final'])(
    'refuses the name "%s"',
    (name) => {
      expect(() => open().saveAs(name, writer('x'))).toThrow(TypeError);
      expect(existsSync(folder)).toBe(false);
    },
  );
});

/** A module for another process. */
const moduleOf = (body: string) => `
  import { writeFile } from 'node:fs/promises';
  import { checkpointFolder } from ${JSON.stringify(join(import.meta.dirname, 'checkpoints.ts'))};
  import { verify, whole } from ${JSON.stringify(join(import.meta.dirname, 'checkpoints.fixture.ts'))};
  ${body}`;

describe('a process killed while it saves', () => {
  it('leaves a whole checkpoint, none older than the last that was reported', async () => {
    const source = moduleOf(`
      const checkpoints = checkpointFolder(process.env.FOLDER, { verify });
      const first = ((await checkpoints.latest()).checkpoint?.step ?? 0) + 1;
      for (let step = first; ; step++) {
        await checkpoints.save(step, (path) => writeFile(path, whole(String(step).padStart(2e6))));
        process.stdout.write(step + '\\n');
      }`);
    for (const delay of [0, 3, 11, 23]) {
      const child = spawn(process.execPath, runModule(source), {
        cwd: import.meta.dirname,
        env: { ...process.env, FOLDER: folder },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let reported = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (reported += text));
      await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
      await sleep(delay);
      child.kill('SIGKILL');
      await once(child, 'close');
      const { checkpoint, damaged } = await open().latest();
      expect(damaged).toEqual([]);
      expect(checkpoint!.step).toBeGreaterThanOrEqual(Number(reported.trim().split('\n').at(-1)));
      expect(Number((await readFile(checkpoint!.path, 'latin1')).slice(0, -64))).toBe(checkpoint!.step);
    }
  });
});

describe('a full disk', () => {
  it.skipIf(!existsSync('/dev/full'))('gives one clear line (needs /dev/full)', async () => {
    await open().save(7, writer('seven'));
    const failed = open().save(8, async (path) => {
      await writeFile(path, 'the part that still fits');
      await writeFile('/dev/full', 'the rest').catch((cause: unknown) => {
        throw new UserError('cannot write the weights', { cause });
      });
    });
    await expect(failed).rejects.toThrow(
      `cannot write checkpoint ${join(folder, 'step-000000008.safetensors')}: the disk is full. ` +
        'The last one, of step 7, is kept; correct that and start again to resume from it',
    );
    expect(names()).toEqual(['step-000000007.safetensors']);
    expect((await open().latest()).checkpoint?.step).toBe(7);
  });

  it.skipIf(!canMount)(
    'leaves the last good one, and room for what fits (needs leave to mount a tmpfs)',
    () => {
      mkdirSync(folder);
      const source = moduleOf(`
      const checkpoints = checkpointFolder(process.env.FOLDER, { verify });
      const tell = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
      const save = (step, size) => checkpoints
        .save(step, (path) => writeFile(path, whole(' '.repeat(size))))
        .then(({ step }) => tell(step), (error) => tell(error.message));
      await save(1, 100_000);
      await save(2, 300_000);
      tell((await checkpoints.latest()).checkpoint.step);
      await save(3, 100_000);
      tell((await checkpoints.latest()).checkpoint.step);`);
      expect(onTinyDisk(folder, source)).toEqual([
        1,
        expect.stringMatching(/the disk is full\. The last one, of step 1, is kept/),
        1,
        3,
        3,
      ]);
    },
  );
});
