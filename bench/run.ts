import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UserError } from '@resizer-lab/base';
import { during, terminal } from '../packages/engine/provision/terminal.mjs';
import { chosen } from './src/choose.ts';
import { command } from './src/command.ts';
import { compare, type Comparison } from './src/compare.ts';
import { matrixProductEntrant, OURS, ourEntrant, peerEntrant, peers, quickPeers } from './src/entrants.ts';
import { machineNow } from './src/machine.ts';
import { markdown, merged, type Sitting } from './src/markdown.ts';
import { measure, type Outcome, type Pace, succeeded } from './src/measure.ts';
import { readResults, writeResults } from './src/results-file.ts';
import { nameOf } from './src/work.ts';
import { quickRows, type Row, rows } from './rows.ts';

const usage = `Usage: npm run bench -- [options]

Measures our training and evaluation steps against Keras and PyTorch, in turn, on this machine. The
peers are installed into the user's cache at the first run. Keep the machine idle meanwhile.

  --quick          two rows against the peers that start fast; about two minutes
  --rows GLOBS     only rows whose name matches, such as 'train/mobilenet*,evaluate/*'
  --peers GLOBS    only peers whose name matches, such as 'torch*'; \`none\` measures us alone
  --rounds N       turns of each contestant in each row (default 6; with --quick 3)
  --json           prints results as JSON, each single step included
  --output FILE    writes the Markdown there, and its numbers beside it as .json, after each row; a run of
                   all rows and peers writes bench/RESULTS.md by itself
  --merge FILES    adds the rows of such .json files, earlier sittings first; a row measured again replaces
                   the earlier one. Without --rows nothing is measured

Several globs or files have commas between them, or the option is repeated.
Example: npm run bench -- --rows 'train/*+mobilenet*' --peers 'torch*,keras graph'
         npm run bench -- --merge bench/RESULTS.json --rows 'evaluate/*' --output bench/RESULTS.md
`;

const rowsByName = new Map(rows.map((row) => [nameOf(row), row]));

interface Request {
  rows: readonly Row[];
  peers: readonly string[];
  pace: Pace;
  json: boolean;
  /** Where the Markdown goes, beside the terminal. */
  output: string | undefined;
  /** Of other calls. */
  earlier: readonly Sitting[];
}

/** @throws UserError for options that select nothing or make no sense */
function requestOf(args: string[]): Request | undefined {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      rows: { type: 'string', multiple: true },
      peers: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      json: { type: 'boolean', default: false },
      output: { type: 'string' },
      merge: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { quick, json } = values;
  const files = values.merge.flatMap((value) => value.split(','));
  const everything = !quick && !values.rows && !values.peers && files.length === 0;
  const wanted = values.rows ?? (quick ? quickRows : files.length > 0 ? [] : ['*']);
  const rounds = Number(values.rounds ?? (quick ? 3 : 6));
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new UserError(`--rounds ${values.rounds} is not a whole number above 0.`, { exitCode: 2 });
  }
  return {
    rows: chosen(rowsByName, wanted, { option: 'rows' }),
    peers: chosenPeers(values.peers, quick),
    pace: { rounds, turnSeconds: quick ? 1.5 : 4 },
    json,
    output: values.output ?? (everything ? join(import.meta.dirname, 'RESULTS.md') : undefined),
    earlier: files.flatMap(readResults),
  };
}

function chosenPeers(values: readonly string[] | undefined, quick: boolean): string[] {
  if (values?.join() === 'none') return [];
  const all = new Map([...peers.keys()].map((name) => [name, name]));
  return chosen(all, values ?? (quick ? quickPeers : ['*']), { option: 'peers' });
}

/** One row: its contestants, started afresh, measured and gone. */
async function outcomesOf(row: Row, { peers: names, pace }: Request): Promise<Outcome[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'resizer-bench-'));
  try {
    const entrants = [ourEntrant(row), matrixProductEntrant()];
    for (const name of names) entrants.push(await peerEntrant(name, row, scratch));
    return await during(terminal(), nameOf(row), (update) => measure(entrants, pace, update));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function bench(request: Request): Promise<void> {
  const { earlier, pace, output } = request;
  const machine = await machineNow();
  const comparisons: Comparison[] = [];
  const outcomes: Record<string, Outcome[]> = {};
  const sittings = () => {
    const versions = versionsOf(Object.values(outcomes).flat());
    return merged([...earlier, { machine, pace, versions, comparisons }]);
  };
  for (const row of request.rows) {
    const name = nameOf(row);
    outcomes[name] = await outcomesOf(row, request);
    const terms = { name, batch: row.batch, ours: OURS, reference: matrixProductEntrant().name };
    comparisons.push(compare(outcomes[name], row.promised ? { ...terms, promised: row.promised } : terms));
    // An interrupted run leaves the rows that it has done.
    if (output) writeResults(output, sittings());
  }
  const all = sittings();
  if (output) writeResults(output, all);
  const json = () => `${JSON.stringify({ sittings: all, outcomes }, null, 2)}\n`;
  process.stdout.write(request.json ? json() : markdown(all));
}

function versionsOf(outcomes: readonly Outcome[]): Record<string, string> {
  const measured = outcomes.filter(succeeded);
  return Object.assign({}, ...measured.map(({ description }) => description.versions)) as Record<
    string,
    string
  >;
}

await command(async () => {
  const request = requestOf(process.argv.slice(2));
  if (request) await bench(request);
  else process.stdout.write(usage);
});
