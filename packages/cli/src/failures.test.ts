import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSafetensors, readSafetensors } from '@resizer-lab/layers';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  cellFolders,
  expectNoStack,
  linesOf,
  ownFolder,
  resizer,
  start,
  until,
  writeConfig,
} from './testing/resizer.fixture.ts';

const cwd = ownFolder();
beforeAll(() => writeConfig(join(cwd, 'tiny.yaml')));

describe.concurrent('weights that cannot be used fail in one line', () => {
  const withWeights = (name: string, file: string) => {
    writeConfig(join(cwd, `${name}.yaml`), {
      '{ name: mobilenetv2_0.35 }': `{ name: mobilenetv2_0.35, weights: ${file} }`,
    });
    return ['run', `${name}.yaml`, '--results', name];
  };
  const env = { RESIZER_WEIGHTS: cwd };

  it('not there', async () => {
    const ended = await resizer(withWeights('gone', 'gone.safetensors'), { cwd, env });
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toMatch(
      /^The weights file \S+\/gone\.safetensors does not exist\. Set RESIZER_WEIGHTS .*\n$/,
    );
  });

  it('cut in half; the cells that need them are skipped, and told so again without being run', {
    timeout: 60_000,
  }, async () => {
    const values = new Map([['Conv1/kernel', { shape: [1000], data: new Float32Array(1000) }]]);
    const whole = encodeSafetensors(values);
    writeFileSync(join(cwd, 'half.safetensors'), whole.subarray(0, whole.length / 2));
    const args = withWeights('half', 'half.safetensors');
    const cut = /\/half\.safetensors is cut short: the header announces [\d,]+ bytes, the file has [\d,]+\.$/;
    for (const mark of ['FAILED', 'FAILED earlier']) {
      const ended = await resizer(args, { cwd, env });
      expect([ended.code, ended.stdout]).toEqual([1, 'No cell is done: no tables.\n']);
      const [failed, ...others] = ended.stderr.trimEnd().split('\n');
      expect(failed).toMatch(
        new RegExp(`^half: mobilenetv2_0\\.35/baseline/seed1  ${mark}: \\S+${cut.source}`),
      );
      expect(others).toEqual([
        ...['bilinear', 'learned'].map(
          (arm) =>
            `half: mobilenetv2_0.35/${arm}/seed1  skipped: needs "mobilenetv2_0.35/baseline/seed1", which failed`,
        ),
        '1 cell failed. Correct the cause; --retry-failed runs it again, from its last checkpoint.',
      ]);
      expectNoStack(ended);
    }
  });
});

describe('photos that are lost in the middle of a run fail the cell in one line, and others finish', () => {
  const photos = 'kind: folder, path: photos, test: val';

  /** A run of a suite of photos and of the synthetic one, in a folder of its own; `lose` when the first steps are made. */
  async function runWhile(name: string, lose: (data: string) => void) {
    const place = join(cwd, name);
    for (const split of ['train', 'val']) await writePhotos(join(place, 'data/photos', split));
    const synthetic = 'kind: synthetic, version: positive, train: 64, test: 30, classes: 2';
    writeConfig(join(place, 'lost.yaml'), { [synthetic]: photos, '1 epoch': '40 epochs' });
    writeConfig(join(place, 'tiny.yaml'), { '2 epochs': '1 epoch' });
    const env = { RESIZER_DATA: join(place, 'data'), RESIZER_CACHE: join(place, 'cache') };
    const run = start(['run', 'lost.yaml', 'tiny.yaml', '--only', '**/{baseline,bilinear}/*'], {
      cwd: place,
      env,
    });
    const suite = join(place, 'results/tiny');
    await until(() => existsSync(join(suite, 'plans/lost.json')), run);
    const cell = cellFolders(suite, 'lost')['baseline']!;
    await until(() => linesOf(cell) >= 1, run);
    lose(join(place, 'data/photos'));
    const ended = await run.ended;
    expect(ended.code).toBe(1);
    expectNoStack(ended);
    const lines = ended.stderr.split('\n').filter((line) => / {2}(FAILED|skipped)/.test(line));
    const finished = ['baseline', 'bilinear'].map((arm) => cellFolders(suite)[arm]!);
    expect(finished.map((folder) => existsSync(join(folder, 'result.json')))).toEqual([true, true]);
    return lines;
  }

  it('the folder vanishes', { timeout: 90_000 }, async () => {
    const lines = await runWhile('vanished', (data) => rmSync(data, { recursive: true }));
    expect(lines).toEqual([
      expect.stringMatching(
        /^lost: \S+\/baseline\/seed1 {2}FAILED: photo \S+\/photos\/\S+\.png: cannot be read \(ENOENT\)$/,
      ),
      expect.stringMatching(
        /^lost: \S+\/bilinear\/seed1 {2}skipped: needs "\S+\/baseline\/seed1", which failed$/,
      ),
    ]);
  });

  it('a photo is replaced by garbage', { timeout: 90_000 }, async () => {
    const lines = await runWhile('garbage', (data) => writeFileSync(join(data, 'val/a/3.png'), 'no photo'));
    expect(lines[0]).toMatch(
      /FAILED: photo \S+\/photos\/val\/a\/3\.png: has changed since the data set was opened; start again to take it up$/,
    );
    expect(lines).toHaveLength(2);
  });
});

/** Two classes of eight small photos, no two alike. */
async function writePhotos(folder: string): Promise<void> {
  for (const [label, red] of [
    ['a', 200],
    ['b', 50],
  ] as const) {
    mkdirSync(join(folder, label), { recursive: true });
    for (let i = 0; i < 8; i++) {
      const background = { r: red, g: 10 * i, b: folder.endsWith('val') ? 90 : 30 };
      const photo = sharp({ create: { width: 48, height: 48, channels: 3, background } });
      await photo.png().toFile(join(folder, label, `${i}.png`));
    }
  }
}

// A disk that holds one checkpoint and not two, which only the run and its cells see; what it held is copied out.
const disk = 'mount -t tmpfs -o size=6m none "$0" && { "$@"; code=$?; cp -r "$0" "$0-left"; exit $code; }';
const smallDisk = (folder: string) => ['unshare', '-rm', 'sh', '-c', disk, folder];
const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

it.skipIf(!canMount)(
  'a full disk fails the cell in one line, and the last good checkpoint survives (needs leave to mount a tmpfs)',
  { timeout: 60_000 },
  async () => {
    const folder = join(cwd, 'full');
    mkdirSync(folder);
    const ended = await resizer(['run', 'tiny.yaml', '--results', 'full'], {
      cwd,
      wrapper: smallDisk(folder),
    });
    expect(ended.code).toBe(1);
    const failures = ended.stderr.split('\n').filter((line) => line.includes('FAILED'));
    expect(failures).toEqual([
      expect.stringMatching(
        /^tiny: mobilenetv2_0\.35\/baseline\/seed1 {2}FAILED: cannot write checkpoint \S+step-000000006\.safetensors: the disk is full\. The last one, of step 3, is kept; correct that and start again to resume from it$/,
      ),
    ]);
    expect(ended.stderr).toMatch(
      /\n1 cell broke off\. Correct the cause; the same command runs it again, from its last checkpoint\.\n$/,
    );
    expectNoStack(ended);
    const checkpoints = join(cellFolders(join(`${folder}-left`, 'tiny'))['baseline']!, 'checkpoints');
    expect(readdirSync(checkpoints)).toEqual(['step-000000003.safetensors']);
    const { metadata, tensors } = await readSafetensors(join(checkpoints, 'step-000000003.safetensors'));
    expect(JSON.parse(metadata['resizer-lab.position']!)).toMatchObject({ step: 3, seed: 1 });
    expect(tensors.has('Conv1/kernel/momentum')).toBe(true);
  },
);
