import { fileURLToPath } from 'node:url';
import { UserError } from '@resizer-lab/base';
import { CELL_EXIT, loadConfigs, runCell, runSuite } from '../index.ts';
import { noop } from './noop-study.ts';

/** The command line of the tests: `cell DIR DATA`, or `run RESULTS DATA CONFIG…` (prints events as JSON lines). */
export const mainCommand = ['--import', import.meta.resolve('tsx'), fileURLToPath(import.meta.url)];

async function main([verb = '', place = '', dataRoot = '', ...configs]: string[]): Promise<number> {
  if (verb === 'cell') {
    const options = { studies: [noop], dataRoot, software: { node: process.version } };
    return CELL_EXIT[await runCell(place, options)];
  }
  const { exitCode, ...outcome } = await runSuite(await loadConfigs(configs, [noop]), {
    results: place,
    dataRoot,
    command: (directory) => [process.execPath, ...mainCommand, 'cell', directory, dataRoot],
    jobs: Number(process.env['JOBS'] ?? 1),
    only: process.env['ONLY']?.split(' ') ?? [],
    retryFailed: process.env['RETRY_FAILED'] === '1',
    maxSeconds: process.env['MAX_SECONDS'] === undefined ? undefined : Number(process.env['MAX_SECONDS']),
    onEvent: ({ cell, ...event }) => console.log(JSON.stringify({ id: cell.id, key: cell.key, ...event })),
  });
  console.log(JSON.stringify({ kind: 'outcome', ...outcome }));
  return exitCode;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(error.message);
    process.exitCode = error.exitCode;
  }
}
