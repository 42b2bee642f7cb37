import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { writeAtomically } from './atomic.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atomic-'));
});
afterAll(() => rm(folder, { recursive: true }));

const text = (s: string) => new TextEncoder().encode(s);

describe('writeAtomically', () => {
  it('replaces the file by all pieces, and leaves nothing beside it', async () => {
    const path = join(folder, 'a');
    await writeFile(path, 'an older and longer text');
    await writeAtomically(path, [text('one '), text(''), text('two')]);
    expect(await readFile(path, 'utf8')).toBe('one two');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('keeps the old file when the pieces fail half-way', async () => {
    const path = join(folder, 'a');
    await writeAtomically(path, [text('good')]);
    function* failing() {
      yield text('half');
      throw new Error('the tensors are gone');
    }
    await expect(writeAtomically(path, failing())).rejects.toThrow('the tensors are gone');
    expect(await readFile(path, 'utf8')).toBe('good');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('writes through a link', async () => {
    await writeAtomically(join(folder, 'a'), [text('old')]);
    await symlink('a', join(folder, 'link'));
    await writeAtomically(join(folder, 'link'), [text('new')]);
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('new');
  });
});

// A disk of 64 KiB that only this process sees: needs unprivileged user namespaces.
const onSmallDisk = (command: string) =>
  spawnSync('unshare', ['-rm', 'sh', '-c', `mount -t tmpfs -o size=64k none "$DISK" && ${command}`], {
    env: { ...process.env, DISK: folder },
    encoding: 'utf8',
  });
const canMount =
  spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=64k none /mnt']).status === 0;

describe.skipIf(!canMount)('on a full disk (needs unshare with user namespaces)', () => {
  it('keeps the old file, removes the temporary one and says so', async () => {
    const module = JSON.stringify(new URL('./atomic.ts', import.meta.url).href);
    const aside = await mkdtemp(join(tmpdir(), 'atomic-script-'));
    onTestFinished(() => rm(aside, { recursive: true }));
    const script = join(aside, 'full.mjs');
    await writeFile(
      script,
      `import { readdirSync, readFileSync } from 'node:fs';
       const { writeAtomically } = await import(${module});
       const path = process.env.DISK + '/a';
       await writeAtomically(path, [Buffer.from('good')]);
       const error = await writeAtomically(path, [Buffer.alloc(200_000)]).catch((e) => e.message);
       const left = readdirSync(process.env.DISK);
       console.log(JSON.stringify({ error, left, kept: readFileSync(path, 'utf8'), path }));`,
    );
    const tsx = import.meta.resolve('tsx');
    const { stdout, stderr } = onSmallDisk(`${process.execPath} --import ${tsx} ${script}`);
    expect(stderr).toBe('');
    const { error, left, kept, path } = JSON.parse(stdout) as Record<string, unknown>;
    expect(kept).toBe('good');
    expect(left).toEqual(['a']);
    expect(error).toBe(
      `${String(path)} could not be written: the disk is full. Free some space and run again. ` +
        'What was there before is unchanged.',
    );
  });
});
