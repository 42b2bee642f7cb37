import { Command, Option } from '@commander-js/extra-typings';
import { layoutNames } from '@resizer-lab/backbones/names';
import { interpolations } from '@resizer-lab/engine/interpolation';
import { counter } from '../counter.ts';
import type { Accuracy, Evaluation } from '../evaluate/index.ts';
import { pixels } from '../pixels.ts';

/** `resizer evaluate` */
export function evaluateCommand() {
  return new Command('evaluate')
    .description('Score a backbone, behind a resizer or not, on labelled photos: top-1 and top-5.')
    .requiredOption('--backbone <name>', 'see `resizer backbones`')
    .requiredOption(
      '--data <path>',
      'a folder of class folders, or a CSV file `image,index` beside its images',
    )
    .option('--weights <file>', 'weights in any format; default: those at hand')
    .addOption(new Option('--layout <project>', 'whose names the weights have').choices(layoutNames))
    .option('--resizer <file or method>', `a trained resizer, or one of ${interpolations.join(', ')}`)
    .addOption(
      new Option('--base <method>', 'of a trained resizer')
        .choices(interpolations)
        .default('bilinear' as const),
    )
    .option('--resize <pixels>', "the photo's short side", pixels, 256)
    .option('--crop <pixels>', 'side of the centre that is cut out of it', pixels, 224)
    .option(
      '--target <pixels>',
      'side of what the resizer makes of that; default: as the weights were trained',
      pixels,
    )
    .addOption(
      new Option('--interpolation <method>', 'of the photo')
        .choices(['bilinear', 'bicubic'])
        .default('bilinear' as const),
    )
    .option('--batch <photos>', 'photos at a time', pixels, 20)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nPhotos are resized as Pillow does, on which published accuracies rest.\n' +
        '\nExamples:\n' +
        '  resizer evaluate --backbone efficientnet_lite0 --data imagenet/val --interpolation bicubic\n' +
        '  resizer evaluate --backbone mobilenetv2_1.0 --data labels.csv --resizer bilinear --resize 512 --crop 448\n',
    )
    .action(async ({ backbone: name, resizer, base, target, json, ...options }) => {
      const { backboneOf } = await import('@resizer-lab/backbones');
      const { evaluateBackbone } = await import('../evaluate/index.ts');
      const { loadResizer } = await import('../evaluate/model.ts');
      const backbone = backboneOf(name);
      const loaded = resizer === undefined ? undefined : await loadResizer(resizer, base);
      const seen = loaded ? (target ?? backbone.inputSize) : options.crop;
      const progress = counter(backbone.title, { shown: (photos) => `${photos} photos` });
      const evaluation = await evaluateBackbone({
        ...options,
        backbone,
        resizer: loaded,
        target: seen,
        progress: progress.update,
      }).finally(progress.finish);
      console.log(json ? JSON.stringify(evaluation) : described(backbone.title, evaluation));
    });
}

function described(title: string, evaluation: Evaluation): string {
  const { weights, data, photos, dropped, resize, crop, target, interpolation, resizer, notes } = evaluation;
  const resized = resizer ? `, then ${target} by ${resizerText(resizer)}` : '';
  return [
    `${title}, weights ${weights}`,
    `${photos} photos of ${data}${dropped > 0 ? ` (${dropped} dropped)` : ''}: short side ${resize} ${interpolation}, centre ${crop}${resized}`,
    `top-1 accuracy  ${accuracyText(evaluation.top1)}`,
    `top-5 accuracy  ${accuracyText(evaluation.top5)}`,
    ...notes.map((note) => `Note: ${note}.`),
  ].join('\n');
}

function resizerText(resizer: NonNullable<Evaluation['resizer']>): string {
  if (resizer.kind === 'fixed') return resizer.method;
  if (resizer.kind === 'muller') return `MULLER (${resizer.layers} layers, base ${resizer.base})`;
  return `a learned resizer (n=${resizer.filters}, r=${resizer.blocks}, base ${resizer.base})`;
}

/** In percent, with the 95 % Wilson interval. */
function accuracyText({ value, low, high }: Accuracy): string {
  const percent = (share: number | null) => (100 * (share ?? 0)).toFixed(2);
  return `${percent(value)} %  [${percent(low)}, ${percent(high)}]`;
}
