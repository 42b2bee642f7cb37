import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { codeOf, messageOf, UserError } from '@resizer-lab/base';
import { z } from 'zod';
import { check, type Problem, problemText, quote } from './problems.ts';
import type { Study } from './study.ts';
import { parseYaml, type YamlSource } from './yaml.ts';

const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
/** parseYaml's limit is lower; this one is for what is not even read. */
const MAX_BYTES = 1024 * 1024;

/** A config file, read and checked. */
export interface SuiteConfig {
  /** As the user named it. */
  readonly file: string;
  /** The file's name without its ending: the config's name within its suite. */
  readonly name: string;
  readonly study: Study;
  readonly suite: string;
  readonly title: string;
  readonly seeds: readonly number[];
  /** The study's sections. */
  readonly config: Record<string, unknown>;
}

/** The keys that every config starts with. */
const top = {
  suite: z
    .string()
    .regex(NAME, { error: ({ input }) => badName(input) })
    .describe('Name of the suite: results go to <results>/<suite>'),
  title: z
    .string()
    .regex(/^[^\p{C}]{1,200}$/u, { error: () => 'must be one line of 1 to 200 characters' })
    .describe('What the tables are headed with'),
  seeds: z
    .array(
      z
        .int()
        .min(0)
        .max(2 ** 31 - 1),
    )
    .min(1)
    .max(1000)
    .refine((seeds) => new Set(seeds).size === seeds.length, {
      error: 'names a seed twice; each must differ',
    })
    .describe('Every cell is run once with each'),
};

function badName(name: unknown): string {
  return `is ${quote(String(name))}; must be lower-case letters, digits, - and _, such as mini`;
}

/**
 * Reads one config.
 * @throws UserError (2) with a line `file:line:column: path.to.key: what is wrong; what is allowed`
 * for each problem.
 */
export async function loadConfig(file: string, studies: readonly Study[]): Promise<SuiteConfig> {
  const source = parseYaml(file, await readText(file));
  const study = studyOf(source, studies);
  const checked = check(schemaOf(study), source.value);
  if ('problems' in checked) throw configError(source, checked.problems);
  const name = basename(file, extname(file));
  if (!NAME.test(name)) throw new UserError(`${file}: the file's name ${badName(name)}`, { exitCode: 2 });
  const isSection = ([key]: [string, unknown]) => key !== 'study' && !(key in top);
  return {
    file,
    name,
    study,
    ...z.object(top).parse(checked.value),
    config: Object.fromEntries(Object.entries(checked.value).filter(isSection)),
  };
}

/**
 * Reads configs, from files and from folders of `*.yaml` (not their subfolders), by name within a folder.
 * @throws UserError (2) with the problems of all of them.
 */
export async function loadConfigs(
  paths: readonly string[],
  studies: readonly Study[],
): Promise<SuiteConfig[]> {
  const files = new Map<string, string>();
  for (const path of paths) {
    for (const file of await configFiles(path)) files.set(resolve(file), file);
  }
  const loaded = await Promise.allSettled([...files.values()].map((file) => loadConfig(file, studies)));
  const failures = loaded
    .filter((result) => result.status === 'rejected')
    .map(({ reason }): unknown => reason);
  const foreign = failures.find((reason) => !(reason instanceof UserError));
  if (foreign instanceof Error) throw foreign;
  if (failures.length > 0) throw new UserError(failures.map(messageOf).join('\n'), { exitCode: 2 });
  return loaded.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** The JSON Schema of all configs (draft 7), for `# yaml-language-server: $schema=…` in an editor. */
export function jsonSchema(studies: readonly Study[]): Record<string, unknown> {
  const [first, ...rest] = studies.map(schemaOf);
  if (first === undefined) throw new TypeError('jsonSchema needs at least one study');
  return z.toJSONSchema(z.discriminatedUnion('study', [first, ...rest]), { target: 'draft-7', io: 'input' });
}

function schemaOf(study: Study) {
  // safeExtend keeps the study's own cross-checks; strict, so that an unknown key is never passed over.
  return study.config.safeExtend({ ...top, study: z.literal(study.name) }).strict();
}

function studyOf(source: YamlSource, studies: readonly Study[]): Study {
  const outline = check(z.looseObject({ study: z.enum(studies.map(({ name }) => name)) }), source.value);
  if ('problems' in outline) throw configError(source, outline.problems);
  const study = studies.find(({ name }) => name === outline.value.study);
  if (study === undefined) throw new TypeError(`no study ${outline.value.study}`);
  return study;
}

function configError(source: YamlSource, problems: readonly Problem[]): UserError {
  const lines = problems.map((problem) => {
    const place = source.at(problem.path, { key: problem.atKey });
    return `${place}: ${problemText(problem)}`;
  });
  return new UserError(lines.join('\n'), { exitCode: 2 });
}

/** The configs at a path: itself, or those in the folder. */
async function configFiles(path: string): Promise<string[]> {
  const stats = await stat(path).catch((error: unknown) => refuse(path, error));
  if (!stats.isDirectory()) return [path];
  const names = await readdir(path).catch((error: unknown) => refuse(path, error));
  const configs = names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
  if (configs.length === 0) {
    throw new UserError(`${path}: no *.yaml in this folder; name a config, or a folder that holds some`, {
      exitCode: 2,
    });
  }
  return configs.map((name) => join(path, name));
}

/** The text of a config. Reads no more than a config may have, and nothing but a plain file. */
async function readText(file: string): Promise<string> {
  const stats = await stat(file).catch((error: unknown) => refuse(file, error));
  if (!stats.isFile()) throw new UserError(`${file}: not a file; name a *.yaml config`, { exitCode: 2 });
  if (stats.size > MAX_BYTES) {
    throw new UserError(`${file}: larger than 1 MB; a config is a short hand-written file`, { exitCode: 2 });
  }
  const bytes = await readFile(file).catch((error: unknown) => refuse(file, error));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UserError(`${file}: not UTF-8 text; save it as UTF-8`, { exitCode: 2, cause });
  }
}

function refuse(path: string, cause: unknown): never {
  const reason =
    codeOf(cause) === 'ENOENT'
      ? 'no such file or folder; check the path'
      : `cannot be read: ${messageOf(cause)}`;
  throw new UserError(`${path}: ${reason}`, { exitCode: 2, cause });
}
