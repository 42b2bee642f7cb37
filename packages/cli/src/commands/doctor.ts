import { Command } from '@commander-js/extra-typings';

/** `resizer doctor` */
export function doctorCommand(exit: (code: number) => void) {
  return new Command('doctor')
    .description('Check the engine: versions, device, threads, and the gradient of every op.')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  resizer doctor --json\n')
    .action(async ({ json }) => {
      const { diagnose } = await import('@resizer-lab/engine');
      const diagnosis = diagnose();
      if (json) console.log(JSON.stringify(diagnosis, null, 2));
      else {
        const { tensorflow, device, library, tfjs, node, threads, checks } = diagnosis;
        console.log(`TensorFlow ${tensorflow} on the ${device}, from ${library}`);
        console.log(`TensorFlow.js ${tfjs}, Node ${node}`);
        console.log(
          `${threads.cores} cores; threads in an op: ${threads.intraOp}, across ops: ${threads.interOp}`,
        );
        for (const { name, ok, maxError } of checks) {
          console.log(
            `${ok ? 'ok  ' : 'FAIL'} gradient of ${name.padEnd(36)} largest error ${maxError.toExponential(1)}`,
          );
        }
        console.log(
          diagnosis.ok
            ? 'All is well.'
            : 'Some gradients are wrong on this machine: do not trust its results.',
        );
      }
      exit(diagnosis.ok ? 0 : 1);
    });
}
