import { distance } from 'fastest-levenshtein';
import { z } from 'zod';

/** One thing wrong with a value, in a sentence: what is wrong; what is allowed. */
export interface Problem {
  /** Where in the value, outermost key first. */
  readonly path: readonly PropertyKey[];
  /** What is wrong is the last key of the path, not the value under it. */
  readonly atKey: boolean;
  readonly sentence: string;
}

export type Checked<T> = { readonly value: T } | { readonly problems: readonly Problem[] };

/** Validates a value: what the schema makes of it, or everything that is wrong with it. */
export function check<S extends z.ZodType>(schema: S, value: unknown): Checked<z.output<S>> {
  const parsed = schema.safeParse(value, { error: sentenceOf });
  return parsed.success ? { value: parsed.data } : { problems: parsed.error.issues.flatMap(problemsOf) };
}

/** A path as it is written in code: `arms[0].resizer`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`;
      const name = String(key);
      if (!/^[\w-]+$/.test(name)) return `[${quote(name)}]`;
      return i === 0 ? name : `.${name}`;
    })
    .join('');
}

/** `arms[0].resizer: is 3; must be …` */
export function problemText({ path, sentence }: Problem): string {
  return path.length === 0 ? sentence : `${pathText(path)}: ${sentence}`;
}

/** ` did you mean "bilinear"?`, or nothing where no name is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const [best] = known
    .map((candidate) => ({ candidate, edits: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  if (best === undefined) return '';
  const length = Math.max(name.length, best.candidate.length);
  if (best.edits > Math.max(1, Math.floor(length / 3))) return '';
  return ` did you mean ${quote(best.candidate)}?`;
}

/** Text in quotes, control characters escaped, long text cut. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

/**
 * The message of one zod issue. zod calls it where the value is still at hand; a schema's own
 * message comes before it. For unknown keys: one line a key.
 */
function sentenceOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(issue.inst);
      return issue.keys
        .map((key) => `is not a known key;${didYouMean(key, known)} allowed: ${known.join(', ')}`)
        .join('\n');
    }
    case 'invalid_union':
      if (issue.discriminator === undefined) return `is ${describe(issue.input)}; no form of it is allowed`;
      return wrongChoice(property(issue.input, issue.discriminator), issue.options);
    case 'invalid_value':
      return wrongChoice(issue.input, issue.values);
    case 'custom':
      return `is ${describe(issue.input)}; it is not allowed`;
    case 'invalid_type':
    case 'invalid_format':
    case 'too_small':
    case 'too_big':
    case 'not_multiple_of':
    case 'invalid_key':
    case 'invalid_element':
      return `${stateOf(issue)}; must ${requirement(issue)}`;
  }
}

function knownKeys(schema: unknown): string[] {
  return schema instanceof z.core.$ZodObject ? Object.keys(schema._zod.def.shape) : [];
}

function property(value: unknown, key: string): unknown {
  return value !== null && typeof value === 'object'
    ? Object.getOwnPropertyDescriptor(value, key)?.value
    : undefined;
}

function wrongChoice(value: unknown, choices: unknown): string {
  const named = Array.isArray(choices) ? choices.map(String) : [];
  const suggestion = typeof value === 'string' ? didYouMean(value, named) : '';
  const allowed = named.length === 1 ? `must be ${named[0]}` : `must be one of ${named.join(', ')}`;
  return `is ${describe(value)};${suggestion} ${allowed}`;
}

type Plain = Exclude<
  z.core.$ZodRawIssue,
  { code: 'unrecognized_keys' | 'invalid_union' | 'invalid_value' | 'custom' }
>;

function stateOf(issue: Plain): string {
  const counted = (issue.code === 'too_small' || issue.code === 'too_big') && Array.isArray(issue.input);
  return counted ? `has ${entries(issue.input.length)}` : `is ${describe(issue.input)}`;
}

function requirement(issue: Plain): string {
  switch (issue.code) {
    case 'invalid_type':
      // z.int() asks first for any number.
      if (issue.inst instanceof z.core.$ZodNumberFormat) return 'be a whole number';
      return `be ${TYPES[issue.expected] ?? `of type ${issue.expected}`}`;
    case 'too_small':
      return bound(issue.minimum, issue, { inclusive: 'at least', exclusive: 'more than' });
    case 'too_big':
      return bound(issue.maximum, issue, { inclusive: 'at most', exclusive: 'less than' });
    case 'not_multiple_of':
      return `be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return issue.pattern === undefined ? `be a valid ${issue.format}` : `match ${issue.pattern}`;
    case 'invalid_key':
      return 'have valid keys';
    case 'invalid_element':
      return 'have valid entries';
  }
}

const TYPES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
  null: 'empty',
  nonoptional: 'given',
  never: 'left out',
};

function bound(
  limit: number | bigint,
  issue: { origin: string; inclusive?: boolean | undefined; exact?: boolean | undefined },
  words: { inclusive: string; exclusive: string },
): string {
  const relation = issue.exact ? 'exactly' : issue.inclusive ? words.inclusive : words.exclusive;
  if (issue.origin === 'string') return `have ${relation} ${limit} character${limit === 1 ? '' : 's'}`;
  if (issue.origin === 'array' || issue.origin === 'set') return `have ${relation} ${entries(Number(limit))}`;
  return `be ${relation} ${limit}`;
}

function entries(n: number): string {
  return `${n} ${n === 1 ? 'entry' : 'entries'}`;
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'empty';
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  switch (issue.code) {
    case 'unrecognized_keys': {
      const sentences = issue.message.split('\n');
      return issue.keys.map((key, i) => ({
        path: [...issue.path, key],
        atKey: true,
        sentence: sentences[i] ?? issue.message,
      }));
    }
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path: issue.path, atKey: true, sentence: message }));
    case 'invalid_union':
      return issue.errors.length === 0 ? [plain(issue)] : unionProblems(issue, issue.errors);
    case 'invalid_type':
    case 'invalid_format':
    case 'invalid_value':
    case 'invalid_element':
    case 'too_small':
    case 'too_big':
    case 'not_multiple_of':
    case 'custom':
      return [plain(issue)];
  }
}

function plain(issue: z.core.$ZodIssue): Problem {
  return { path: issue.path, atKey: false, sentence: issue.message };
}

/**
 * A value that fits no branch of a union: the problems of the branch that it was meant for, which
 * is the one of its type that has the fewest; where its type fits none, what the branches want.
 */
function unionProblems(issue: z.core.$ZodIssue, branches: readonly z.core.$ZodIssue[][]): Problem[] {
  const isOfItsType = (branch: readonly z.core.$ZodIssue[]) =>
    !branch.some(
      ({ path, code }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value'),
    );
  const [meant] = branches.filter(isOfItsType).sort((a, b) => a.length - b.length);
  if (meant !== undefined) {
    return meant
      .flatMap(problemsOf)
      .map((problem) => ({ ...problem, path: [...issue.path, ...problem.path] }));
  }
  const messages = branches.flatMap((branch) => branch.slice(0, 1).map(({ message }) => message));
  const [first = issue.message, ...rest] = [...new Set(messages)];
  const wanted = rest.map((message) => message.replace(/^.*?; (did you mean .*?\? )?must /, ''));
  return [{ path: issue.path, atKey: false, sentence: [first, ...wanted].join(', or ') }];
}
