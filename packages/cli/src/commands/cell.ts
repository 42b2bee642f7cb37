import { Command } from '@commander-js/extra-typings';
import { dataRoot } from '@resizer-lab/datasets';
import { CELL_EXIT, runCell } from '@resizer-lab/suite';
import { studies } from '../studies.ts';

/** `resizer cell DIR`: one cell in this process; what the runner starts. */
export function cellCommand(exit: (code: number) => void) {
  return new Command('cell').argument('<folder>').action(async (folder) => {
    // Into the cell's log go TensorFlow's warnings as well: some of its kernels warn that they could not have
    // their memory, and crash.
    process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1';
    const { software } = await import('../software.ts');
    exit(CELL_EXIT[await runCell(folder, { studies, dataRoot: dataRoot(), software: software() })]);
  });
}
