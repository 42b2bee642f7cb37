import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from './main.ts';
import { expectNoStack, ownFolder, resizer, writeConfig } from './testing/resizer.fixture.ts';

const cwd = ownFolder();
beforeAll(() => writeConfig(join(cwd, 'tiny.yaml')));

describe.concurrent('the command', () => {
  it('says with --help what it can do', async () => {
    const { code, stdout, stderr } = await resizer(['--help'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    for (const name of ['run', 'submit', 'tables', 'doctor', 'data', 'parity', 'schema']) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    expect(stdout).toContain('Examples:\n  resizer run configs/smoke');
  });

  it.each([
    ['frobnicate', /^error: unknown command 'frobnicate'\n/],
    ['run tiny.yaml --result x', /^error: unknown option '--result'\n\(Did you mean --results\?\)\n/],
    ['run', /^error: missing required argument 'configs'\n/],
    ['run nothing.yaml', /^nothing\.yaml: no such file or folder; check the path\n$/],
    [
      'tables nothing',
      /^nothing: no results here; name the folder of a suite that was run, such as results\/smoke\n$/,
    ],
  ])('%s is bad usage', async (line, message) => {
    const ended = await resizer(line.split(' '), { cwd });
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    expect(ended.stderr).toMatch(message);
    expectNoStack(ended);
  });
});

it.each(['run', 'submit', 'tables', 'doctor', 'data check', 'parity', 'schema'])(
  '%s --help gives an example',
  async (name) => {
    const written: string[] = [];
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    const code = await main(['node', 'resizer', ...name.split(' '), '--help']).finally(() =>
      spy.mockRestore(),
    );
    expect(code).toBe(0);
    expect(written.join('')).toMatch(new RegExp(`Examples?:\n  (RESIZER_DATA=\\S+ )?resizer ${name}`));
  },
);

describe.concurrent('a config that cannot be run is refused in one line, before anything is written', () => {
  it.each([
    [
      'unknown key',
      { 'title: Tiny': 'title: Tiny\ntitles: T' },
      /^\S+:4:1: titles: is not a known key; did you mean "title"\? allowed: .*\n$/,
    ],
    [
      'wrong type',
      { 'batch: 8': 'batch: many' },
      /^\S+:10:20: training\.batch: is "many"; must be a whole number\n$/,
    ],
    ['negative size', { 'target: 16': 'target: -16' }, /^\S+:7:9: target: is -16; must be at least 1\n$/],
    [
      'learned arm without control',
      { ', control: bilinear': '' },
      /^\S+:17:14: arms\.list\.learned: has a learned resizer but no paired control; add `control:` .*\n$/,
    ],
  ])('%s', async (name, changes, message) => {
    const file = `${name.replaceAll(' ', '-')}.yaml`;
    writeConfig(join(cwd, file), changes);
    const ended = await resizer(['run', file, '--results', 'none'], { cwd });
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    expect(ended.stderr).toMatch(message);
  });

  it.each([
    [
      'no data folder',
      {},
      /^data: \S+\/data does not exist; data sets are looked for below RESIZER_DATA, .*\n$/,
    ],
    [
      'no data set',
      { RESIZER_DATA: cwd },
      /^data: \S+\/photos does not exist; data sets are looked for below RESIZER_DATA, .*\n$/,
    ],
  ])('%s', async (_, env, message) => {
    writeConfig(join(cwd, 'photos.yaml'), {
      'kind: synthetic, version: positive, train: 64, test: 30, classes: 2': 'kind: folder, path: photos',
    });
    const ended = await resizer(['run', 'photos.yaml', '--results', 'none'], { cwd, env });
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toMatch(message);
  });
});

describe.concurrent('what is checked without training', () => {
  it('doctor --json gives the checks, and TensorFlow is silent', async () => {
    const { code, stdout, stderr } = await resizer(['doctor', '--json'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    const diagnosis = JSON.parse(stdout) as Record<string, unknown> & { checks: Record<string, unknown>[] };
    expect(diagnosis).toMatchObject({
      ok: true,
      tensorflow: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
    });
    expect(diagnosis['device']).toMatch(/^[cg]pu$/);
    expect(diagnosis.checks.length).toBeGreaterThan(25);
    for (const check of diagnosis.checks) {
      expect(check).toEqual({
        name: expect.any(String) as string,
        ok: true,
        maxError: expect.any(Number) as number,
      });
    }
  });

  it('data check tells what a config looks at', async () => {
    const { code, stdout, stderr } = await resizer(['data', 'check', 'tiny.yaml'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^tiny\.yaml: 64 training and 30 test photos, 2 classes, 0 dropped; manifest [0-9a-f]{16}\n$/,
    );
    const json = await resizer(['data', 'check', 'tiny.yaml', '--json'], { cwd });
    const manifest = JSON.parse(json.stdout) as {
      config: string;
      splits: { train: unknown[]; test: unknown[] };
    };
    expect(manifest.config).toBe('tiny.yaml');
    expect([manifest.splits.train.length, manifest.splits.test.length]).toEqual([64, 30]);
  });

  it('schema is the one that editors are pointed to', async () => {
    const { code, stdout } = await resizer(['schema'], { cwd });
    expect(code).toBe(0);
    const committed = new URL('../../../configs/schema.json', import.meta.url);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(committed, 'utf8')));
  });

  it('parity runs the fixtures of this package', async () => {
    const fixtures = join(import.meta.dirname, 'parity/fixtures');
    const { code, stdout, stderr } = await resizer(['parity', fixtures], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^ok {3}mobilenetv2_0\.35 +2×32×40×3 +largest relative error \S+ \(/m);
    expect(stdout).toMatch(/^ok {3}resizer_n4_r1 +2×12×10×3 → 5×6 +largest relative error \S+ \(/m);
    expect(stdout).toMatch(/\n3 cases, 0 out of tolerance\n$/);
  });
});
