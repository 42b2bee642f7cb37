import { basename } from 'node:path';
import { Command } from '@commander-js/extra-typings';

/** `resizer backbones` */
export function backbonesCommand() {
  return new Command('backbones')
    .description(
      'List the backbones: parameters, multiply-adds, input size, and whether weights are at hand.',
    )
    .option('--json', 'as JSON, with preprocessing, sources, licences and citations')
    .addHelpText(
      'after',
      '\nWeights are looked for in RESIZER_WEIGHTS, by default `weights` beside the data folder, and among those fetched.\n' +
        '\nExample:\n  resizer backbones --json\n',
    )
    .action(async ({ json }) => {
      const { backbones } = await import('@resizer-lab/backbones');
      const { weightsAtHand } = await import('../weights/at-hand.ts');
      const atHand = await weightsAtHand();
      if (json) {
        // Functions have no JSON.
        const rows = backbones.map((backbone) => ({ ...backbone, atHand: atHand(backbone) }));
        console.log(JSON.stringify(rows, null, 2));
        return;
      }
      const { toTerminal } = await import('@resizer-lab/report');
      const rows = backbones.map((backbone) => ({
        name: backbone.name,
        title: backbone.title,
        parameters: backbone.parameters.total,
        multiplyAdds: `${(backbone.multiplyAdds / 1e6).toFixed(0)} M`,
        inputSize: backbone.inputSize,
        weights: atHand(backbone)
          .map(({ file, classes }) => `${basename(file)} (${classes > 0 ? `${classes} outputs` : 'no head'})`)
          .join(', '),
      }));
      process.stdout.write(toTerminal(table(rows), { width: process.stdout.columns ?? 120 }));
    });
}

type Row = Record<'name' | 'title' | 'multiplyAdds' | 'weights', string> &
  Record<'parameters' | 'inputSize', number>;

const table = (rows: readonly Row[]) => ({
  name: 'backbones',
  title: 'Backbones',
  columns: [
    { key: 'name', header: 'Name' },
    { key: 'title', header: 'Title', detail: true },
    { key: 'parameters', header: 'Parameters', format: 'count' as const },
    { key: 'multiplyAdds', header: 'Multiply-adds', align: 'right' as const },
    { key: 'inputSize', header: 'Size' },
    { key: 'weights', header: 'Weights at hand' },
  ],
  rows: rows.map((row) => ({ ...row, weights: row.weights || '–' })),
  notes: [
    'Parameters and multiply-adds with the 1000-way head, at this size. `resizer weights fetch NAME` brings weights.',
  ],
});
