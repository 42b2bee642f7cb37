import { isAbsolute } from 'node:path';
import { UserError } from '@resizer-lab/base';
import { quote } from '../problems.ts';

export interface ScriptOptions {
  /** What the script is for, in a line. */
  readonly title: string;
  /** Options of sbatch, `--name` or `--name=value`, in order: a later one wins. */
  readonly sbatch: readonly string[];
  /** Environment variables that are set whatever the cluster hands on. */
  readonly environment: Readonly<Record<string, string>>;
  /** What runs a task; its index is in SLURM_ARRAY_TASK_ID. */
  readonly command: readonly string[];
}

/**
 * A script for sbatch. Nothing in it is expanded or executed but its command: every value is quoted.
 * @throws UserError (2) for a value that no quotes can hold: control characters.
 */
export function batchScript({ title, sbatch, environment, command }: ScriptOptions): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${shellWord(value)}`);
  const files = command.filter((word) => isAbsolute(word));
  return [
    '#!/usr/bin/env bash',
    `# ${plain(title)}`,
    ...sbatch.map((option) => `#SBATCH ${sbatchWord(option)}`),
    '',
    ...exports,
    '',
    `for file in ${files.map(shellWord).join(' ')}; do`,
    '  [ -r "$file" ] && continue',
    '  echo "$(hostname): $file is not here; every node needs this repository, its Node and the results folder at the same place" >&2',
    '  exit 1',
    'done',
    // The process of the batch step, which Slurm sends its signals to, is then the task itself.
    `exec ${command.map(shellWord).join(' ')}`,
    '',
  ].join('\n');
}

/** A word for the shell, which takes nothing in it for its own. */
export function shellWord(text: string): string {
  if (/^[\w@%+:,./-]+$/.test(plain(text))) return text;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** An option for a `#SBATCH` line, which knows quotes, backslashes and comments (sbatch's opt.c, get_argument). */
export function sbatchWord(option: string): string {
  const [, name = '', value] = /^(--[a-z-]+)(?:=(.*))?$/s.exec(plain(option)) ?? [];
  if (name === '')
    throw new UserError(`${quote(option)} is no option of sbatch: --name=value`, { exitCode: 2 });
  if (value === undefined) return name;
  return /^[\w@%+:,./-]*$/.test(value) ? `${name}=${value}` : `${name}="${value.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * A path as sbatch takes it for `--output`, whose `%` are patterns.
 * @throws UserError (2) where it holds a backslash, at which Slurm gives up patterns.
 */
export function outputPath(folder: string): string {
  if (folder.includes('\\')) {
    throw new UserError(
      `${folder}: Slurm cannot write logs below a path with a backslash; choose another --results`,
      {
        exitCode: 2,
      },
    );
  }
  return folder.replaceAll('%', '%%');
}

function plain(text: string): string {
  if (/^\P{C}*$/u.test(text)) return text;
  throw new UserError(`${quote(text)} holds control characters, which a Slurm script cannot; change it`, {
    exitCode: 2,
  });
}
