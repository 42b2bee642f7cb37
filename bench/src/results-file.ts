import { readFileSync, writeFileSync } from 'node:fs';
import { messageOf, UserError } from '@resizer-lab/base';
import { markdown, type Sitting } from './markdown.ts';

interface ResultsFile {
  sittings: Sitting[];
}

/** The file with the numbers of a page of results, beside it. */
const numbersOf = (page: string) => page.replace(/(\.md)?$/, '.json');

/** Writes results as a page, and their numbers beside it, from which other calls can go on. */
export function writeResults(page: string, sittings: readonly Sitting[]): void {
  writeFileSync(page, markdown(sittings));
  writeFileSync(numbersOf(page), `${JSON.stringify({ sittings }, null, 2)}\n`);
}

/** Sittings of a file that `--output` or `--json` has made. @throws UserError if it is none */
export function readResults(path: string): Sitting[] {
  const problem = (reason: string) =>
    new UserError(`--merge ${path}: ${reason}. Give files that --output or --json has made.`, {
      exitCode: 2,
    });
  let content: Partial<ResultsFile> | null;
  try {
    content = JSON.parse(readFileSync(path, 'utf8')) as Partial<ResultsFile> | null;
  } catch (error) {
    throw problem(messageOf(error));
  }
  const sittings = content?.sittings;
  if (!Array.isArray(sittings) || !sittings.every(isSitting)) throw problem('it holds no sittings');
  return sittings;
}

const isSitting = (value: Partial<Sitting> | null) =>
  Boolean(value?.machine && value.pace && value.versions && Array.isArray(value.comparisons));
