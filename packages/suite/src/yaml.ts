import { UserError } from '@resizer-lab/base';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';

/**
 * What a hand-written config stays well below, and what keeps the parser (quadratic in the keys of
 * a mapping, recursive in depth) quick and off the stack's end for anything else.
 */
const LIMITS = { bytes: 64 * 1024, lineLength: 1000, brackets: 64, aliases: 50 };

/** A parsed YAML file: its value, and where in the file each part of it stands. */
export interface YamlSource {
  readonly value: unknown;
  /** `file:line:column` of the value at a path, or of its key; of the nearest parent where there is none. */
  at(path: readonly PropertyKey[], options?: { key: boolean }): string;
}

/**
 * Parses one YAML 1.2 document (core schema: no tags, no merge keys, unique text keys, few aliases).
 * @throws UserError (2) with one line `file:line:column: what is wrong` for each error.
 */
export function parseYaml(file: string, text: string): YamlSource {
  refuseOutsized(file, text);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const errors = [
    ...document.errors.map(({ pos, message }) => ({ offset: pos[0], message })),
    ...misuse(document),
  ];
  if (errors.length > 0) {
    const shown = errors.slice(0, 10).map(({ offset, message }) => `${place(offset)}: ${message}`);
    throw new UserError(shown.join('\n'), { exitCode: 2 });
  }
  return {
    value: plainValue(file, document),
    at: (path, options) => place(offsetOf(document, path, options?.key ?? false)),
  };
}

function refuseOutsized(file: string, text: string): void {
  const refuse = (what: string) => {
    throw new UserError(`${file}: ${what}; a config is a short hand-written file`, { exitCode: 2 });
  };
  if (text.length > LIMITS.bytes) refuse(`larger than ${LIMITS.bytes / 1024} KB`);
  if (text.split('\n').some((line) => line.length > LIMITS.lineLength)) {
    refuse(`has a line of more than ${LIMITS.lineLength} characters`);
  }
  let open = 0;
  for (const character of text) {
    if (character === '[' || character === '{') open++;
    if (character === ']' || character === '}') open = Math.max(0, open - 1);
    if (open > LIMITS.brackets) refuse(`has more than ${LIMITS.brackets} brackets open at once`);
  }
}

/** What YAML allows and a config does not need: tags, and aliases without end or target. */
function misuse(document: Document): { offset: number; message: string }[] {
  const found: { offset: number; message: string }[] = [];
  const aliases: Node[] = [];
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) aliases.push(node);
      else if (node.tag !== undefined) {
        found.push({ offset: startOf(node), message: `the tag ${node.tag} is not allowed; leave it out` });
      }
    },
  });
  const [excess] = aliases.slice(LIMITS.aliases);
  if (excess !== undefined) {
    return [
      { offset: startOf(excess), message: `more than ${LIMITS.aliases} aliases; write the values out` },
    ];
  }
  for (const node of aliases) {
    if (!isAlias(node) || node.resolve(document) !== undefined) continue;
    found.push({ offset: startOf(node), message: `the alias *${node.source} has no anchor before it` });
  }
  return found;
}

function plainValue(file: string, document: Document): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: LIMITS.aliases });
    JSON.stringify(value);
    return value;
  } catch (cause) {
    // The alias bomb (ReferenceError of yaml), and the alias inside its own anchor (TypeError of JSON).
    throw new UserError(`${file}: its aliases expand without end; write the values out`, {
      exitCode: 2,
      cause,
    });
  }
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function offsetOf(document: Document, path: readonly PropertyKey[], wantKey: boolean): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? startOf(node) : 0;
  for (const [depth, part] of path.entries()) {
    const target: unknown = isAlias(node) ? node.resolve(document) : node;
    const pair = isMap(target) ? target.items.find((item) => keyText(item) === String(part)) : undefined;
    const child: unknown =
      pair === undefined ? (isSeq(target) ? target.items[Number(part)] : undefined) : pair.value;
    if (isNode(pair?.key)) offset = startOf(pair.key);
    if (!isNode(child)) return offset;
    const isEmpty = isScalar(child) && (child.source ?? '') === '' && child.value === null;
    const atKey = wantKey && depth === path.length - 1;
    // A missing key below it is reported where the mapping is named, not where its first entry stands.
    const isParent = depth < path.length - 1;
    if (!isEmpty && !atKey && !(isParent && pair !== undefined)) offset = startOf(child);
    node = child;
  }
  return offset;
}

function keyText({ key }: Pair): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}
