import { Command } from '@commander-js/extra-typings';

/** `resizer parity DIR` */
export function parityCommand(exit: (code: number) => void) {
  return new Command('parity')
    .description('Compare our models with golden numbers: forward, loss, gradients, moving statistics.')
    .argument('<folder>', 'a folder of fixture files (JSON)')
    .option('--json', 'one line of JSON a case')
    .addHelpText('after', '\nExample:\n  resizer parity ../shared/fixtures\n')
    .action(async (folder, { json }) => {
      const { parity } = await import('../parity/index.ts');
      let failed = 0;
      let cases = 0;
      for (const report of parity(folder)) {
        cases++;
        if (report.failed.length > 0) failed++;
        if (json) console.log(JSON.stringify(report));
        else print(report);
      }
      if (!json) console.log(`${cases} cases, ${failed} out of tolerance`);
      exit(failed > 0 ? 1 : 0);
    });
}

interface Printed {
  model: string;
  case: string;
  comparisons: number;
  largest: { what: string; error: number };
  worst: { what: string; error: number; limit: number };
  failed: readonly { what: string; error: number; limit: number }[];
}

function print({ model, case: name, comparisons, largest, worst, failed }: Printed): void {
  const mark = failed.length === 0 ? 'ok  ' : 'FAIL';
  console.log(
    `${mark} ${model.padEnd(20)} ${name.padEnd(26)} largest relative error ${largest.error.toExponential(1)} ` +
      `(${largest.what}); nearest to its limit: ${worst.what}, ${worst.error.toExponential(1)} of ` +
      `${worst.limit.toExponential(1)}; ${comparisons} compared`,
  );
  for (const { what, error, limit } of failed.slice(0, 10)) {
    console.log(`     ${what}: ${error.toExponential(2)} is over ${limit.toExponential(2)}`);
  }
}
