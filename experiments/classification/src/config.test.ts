import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@resizer-lab/base';
import { expand, loadConfigs } from '@resizer-lab/suite';
import { describe, expect, it } from 'vitest';
import { classification } from './index.ts';
import { configOf, lines } from './testing.fixture.ts';

/** What a config with one change is refused with, without the folder's name. */
async function refusal(from: string, to: string): Promise<string> {
  const error = await configOf({ [from]: to }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw new Error(`${to}: not refused`);
  expect(error.exitCode).toBe(2);
  return error.message.replace(/^.*?tiny\.yaml/gm, 'tiny.yaml');
}

const lineOf = (text: string) => lines.findIndex((line) => line.includes(text)) + 1;

describe('a config', () => {
  it('that is right is read, with the defaults of the paper', async () => {
    const { training, arms } = await configOf();
    expect(training).toMatchObject({
      momentum: 0.9,
      labelSmoothing: 0.1,
      decay: { factor: 0.94, everyEpochs: 2 },
      checkpointEvery: { epochs: 1 },
    });
    expect(arms.duration).toEqual({ steps: 20 });
    expect(arms.list['learned']?.resizer).toEqual({
      kind: 'learned',
      filters: 4,
      blocks: 1,
      base: 'bilinear',
      start: 'random',
      frozen: false,
    });
  });

  it.each([
    ['target: 16', 'target: 16\ntarqet: 16', 'tarqet: is not a known key; did you mean "target"?'],
    [
      'filters: 4',
      'filter: 4',
      'arms.list.learned.resizer.filter: is not a known key; did you mean "filters"?',
    ],
    [
      'batch: 8',
      'batch: 8, momentun: 0.9',
      'training.momentun: is not a known key; did you mean "momentum"?',
    ],
    ['batch: 8', 'batch: eight', 'training.batch: is "eight"; must be a whole number'],
    ['batch: 8', 'batch: 0', 'training.batch: is 0; must be at least 1'],
    ['input: 48', 'input: -48', 'input: is -48; must be at least 1'],
    ['input: 48', 'input: 48.5', 'input: is 48.5; must be a whole number'],
    [
      'input: 48',
      'input: 40',
      'input: is 40; must be 3, 4, … times the target of 16 for synthetic pictures, such as 64',
    ],
    ['target: 16', 'target: 1000000', 'target: is 1000000; must be at most 4096'],
    ['filters: 4', 'filters: 100000', 'arms.list.learned.resizer.filters: is 100000; must be at most 512'],
    [
      'name: mobilenetv2_0.35',
      'name: mobilenetv2_0.3',
      'backbones[0].name: is "mobilenetv2_0.3"; did you mean "mobilenetv2_0.35"?',
    ],
    [
      'method: bicubic',
      'method: bicubik',
      'arms.list.fixed.resizer.method: is "bicubik"; did you mean "bicubic"?',
    ],
    ['kind: learned', 'kind: learnd', 'arms.list.learned.resizer.kind: is "learnd"; did you mean "learned"?'],
    [
      'resnet.safetensors',
      '../../etc/passwd',
      'backbones[1].weights: is "../../etc/passwd"; must be a path below its folder, without ".."',
    ],
    [
      'resnet.safetensors',
      '/etc/passwd',
      'backbones[1].weights: is "/etc/passwd"; must be a path below its folder',
    ],
    [
      'duration: 20 steps',
      'duration: 20',
      'arms.duration: is 20, without a unit; must be a number with its unit',
    ],
    ['rate: 0.01', 'rate: 0', 'arms.rate: is 0; must be more than 0'],
    ['  list:', '  list: []\n  lists:', 'arms.list: is a list; must be a mapping of keys to values'],
    ['    fixed:', '    Fixed:', 'arms.list.Fixed: is "Fixed"; must be lower-case letters, digits and -'],
    [
      '      control: fixed',
      '',
      'arms.list.learned: has a learned resizer but no paired control; add `control:` with the name of an arm with a fixed resizer',
    ],
    [
      'control: fixed',
      'control: fixd',
      'arms.list.learned.control: is "fixd", which is no arm here; arms: fixed, learned',
    ],
    ['control: fixed', 'control: learned', 'arms.list.learned.control: is "learned", the arm itself'],
    [
      '      control: fixed',
      '      control: fixed\n    other:\n      resizer: { kind: learned }\n      control: learned',
      'arms.list.other.control: is "learned", which has no fixed resizer',
    ],
    [
      'method: bicubic }',
      'method: bicubic }\n      expect: tie',
      'arms.list.fixed.expect: needs a `control` to compare with',
    ],
    ['kind: synthetic, version: positive', 'kind: folder, path: ../other', 'is not a known key'],
  ])('with %j changed to %j is refused', async (from, to, message) => {
    expect(await refusal(from, to)).toContain(message);
  });

  it.each([
    ['filters: 4', 'filter: 4', `tiny.yaml:${lineOf('filters')}:33: arms`],
    ['input: 48', 'input: -48', `tiny.yaml:${lineOf('input')}:8: input`],
    ['      control: fixed', '', `tiny.yaml:${lineOf('    learned:') + 1}:7: arms.list.learned: has`],
    ['name: mobilenetv2_0.35', 'name: vgg', `tiny.yaml:${lineOf('mobilenetv2')}:11: backbones[0].name`],
  ])('with %j changed to %j is refused by line and column', async (from, to, place) => {
    expect(await refusal(from, to)).toContain(place);
  });

  it('of this repository is right', async () => {
    const folder = new URL('../../../configs/', import.meta.url).pathname;
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.yaml'));
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    const own = names.filter((_, i) => texts[i]!.includes('\nstudy: classification\n'));
    const configs = await loadConfigs(
      own.map((name) => join(folder, name)),
      [classification],
    );
    expect(own).toEqual(expect.arrayContaining(['smoke/positive.yaml', 'paper/classification.yaml']));
    for (const { config, seeds, file } of configs) {
      const specs = classification.cells(config as never, seeds);
      const read = [...new Set(specs.flatMap(({ data }) => data))];
      const hashes = Object.fromEntries(read.map((role) => [role, role]));
      expect(expand(specs, { study: 'classification', hashes, file }).length).toBeGreaterThanOrEqual(3);
    }
  });
});
