import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchScript, outputPath, sbatchWord, shellWord } from './script.ts';

const bash = (script: string) => spawnSync('bash', ['-c', script], { encoding: 'utf8' });
/** Text without control characters, rich in those that a shell has its own ideas of. */
const text = fc.string({
  unit: fc.oneof(fc.constantFrom(...`'"\\$\`(){}[]<>|&;#!*?~ =%`), fc.stringMatching(/^[a-zé世]$/)),
  maxLength: 20,
});

describe('a script', () => {
  it('hands environment and arguments on as they are, whatever is in them', () => {
    const given = fc.sample(text, { seed: 1, numRuns: 60 });
    const environment = Object.fromEntries(given.slice(0, 20).map((value, i) => [`RESIZER_${i}`, value]));
    const print = 'console.log(JSON.stringify([process.env, process.argv.slice(1)]))';
    const words = given.slice(20).filter((word) => !word.startsWith('/'));
    const command = [process.execPath, '-e', print, '--', ...words];
    const script = batchScript({ title: '$(touch x)', sbatch: [], environment, command });
    const { stdout, stderr, status } = bash(script);
    expect([stderr, status]).toEqual(['', 0]);
    const [env, argv] = JSON.parse(stdout) as [Record<string, string>, string[]];
    expect(env).toMatchObject(environment);
    expect(argv).toEqual(words);
  });

  it('says so on a node that lacks a file of its command', () => {
    const command = [process.execPath, '/no such/resizer.mjs', 'task', '/nor this.json'];
    const { stdout, stderr, status } = bash(
      batchScript({ title: 't', sbatch: [], environment: {}, command }),
    );
    expect([stdout, status]).toEqual(['', 1]);
    expect(stderr).toMatch(
      /^\S+: \/no such\/resizer\.mjs is not here; every node needs this repository, its Node and the results folder at the same place\n$/,
    );
  });

  it('holds no control characters, with which a value could end its line', () => {
    for (const evil of ['x\nrm -rf /', 'x\r', '\u0000', '\u001b[2J', '\u0085']) {
      const refused = (make: () => unknown) =>
        expect(make).toThrow(/holds control characters, which a Slurm script cannot; change it$/);
      refused(() => shellWord(evil));
      refused(() => sbatchWord(`--comment=${evil}`));
      refused(() => batchScript({ title: evil, sbatch: [], environment: {}, command: [] }));
    }
  });
});

/** How sbatch reads a word of a `#SBATCH` line: get_argument of Slurm's src/sbatch/opt.c, written anew. */
function asSbatchReads(line: string): string {
  let [word, quoted] = ['', ''];
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (c === '\\') word += line[++i] ?? '';
    else if (c === quoted) quoted = '';
    else if (quoted === '' && (c === '"' || c === "'")) quoted = c;
    else if (quoted === '' && (c === ' ' || c === '#')) return word;
    else word += c;
  }
  return word;
}

describe('an option', () => {
  it('reaches sbatch as it is', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(asSbatchReads(sbatchWord(`--comment=${value}`))).toBe(`--comment=${value}`);
      }),
    );
    expect(sbatchWord('--exclusive')).toBe('--exclusive');
    expect(sbatchWord('--time=1-0:30')).toBe('--time=1-0:30');
  });

  it.each(['-p gpu', 'gpu', '--Time=3', '--a b', ''])('"%s" is none', (option) => {
    expect(() => sbatchWord(option)).toThrow(/ is no option of sbatch: --name=value$/);
  });
});

it('a folder for logs: % is no pattern, and a backslash, which Slurm stumbles over, is refused', () => {
  expect(outputPath('/a %j/b')).toBe('/a %%j/b');
  expect(() => outputPath('/a\\b')).toThrow(/a path with a backslash; choose another --results$/);
});
