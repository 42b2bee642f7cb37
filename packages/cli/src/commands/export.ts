import { Command, Option } from '@commander-js/extra-typings';
import { layoutNames } from '@resizer-lab/backbones/names';
import { interpolations } from '@resizer-lab/engine/interpolation';
import { pixels } from '../pixels.ts';

/** `resizer export` */
export function exportCommand() {
  return new Command('export')
    .description('Write a backbone, behind a resizer or not, for TensorFlow Serving or TensorFlow.js.')
    .requiredOption('--backbone <name>', 'see `resizer backbones`')
    .requiredOption('--to <folder>', 'where the model goes, an empty folder or a new one')
    .addOption(
      new Option('--format <format>', 'what is written')
        .choices(['saved-model', 'tfjs-graph'])
        .default('saved-model' as const),
    )
    .option('--weights <file>', 'weights in any format; default: those at hand')
    .addOption(new Option('--layout <project>', 'whose names the weights have').choices(layoutNames))
    .option('--resizer <file or method>', `a trained resizer, or one of ${interpolations.join(', ')}`)
    .addOption(
      new Option('--base <method>', 'of a trained resizer')
        .choices(interpolations)
        .default('bilinear' as const),
    )
    .option(
      '--size <pixels>',
      'side of the images that go in; default: as the public weights were trained',
      pixels,
    )
    .option('--target <pixels>', 'side of what the resizer makes of them; default: likewise', pixels)
    .option('--batch <images>', 'images at a time', pixels, 1)
    .addHelpText(
      'after',
      '\nThe model takes `images`, float32 [batch, size, size, 3], RGB, 0 … 255, and gives `logits` [batch, classes].\n' +
        '\nExamples:\n' +
        '  resizer export --backbone mobilenetv2_1.0 --to models/mobilenet\n' +
        '  resizer export --backbone resnet50 --weights arm.safetensors --resizer arm.safetensors --size 448 \\\n' +
        '    --format tfjs-graph --to models/resized\n',
    )
    .action(async ({ backbone: name, resizer, base, size, target, ...options }) => {
      const { backboneOf } = await import('@resizer-lab/backbones');
      const { firstAtHand } = await import('../evaluate/index.ts');
      const { loadNetwork, loadResizer } = await import('../evaluate/model.ts');
      const { exportNetwork } = await import('../export.ts');
      const backbone = backboneOf(name);
      const loaded = resizer === undefined ? undefined : await loadResizer(resizer, base);
      const network = await loadNetwork({
        backbone,
        weights: options.weights ?? (await firstAtHand(backbone)),
        layout: options.layout,
        resizer: loaded,
        target: target ?? backbone.inputSize,
      });
      const side = size ?? backbone.inputSize;
      const written = await exportNetwork(network, { ...options, size: side });
      const what = `${backbone.title} for images of ${side}×${side}, ${network.classes} classes`;
      console.log(`${options.to}: ${what}, ${written.length} ${written.length === 1 ? 'file' : 'files'}`);
      for (const note of network.notes) console.log(`Note: ${note}.`);
    });
}
