import { Command, Option } from '@commander-js/extra-typings';
import { layoutNames } from '@resizer-lab/backbones/names';
import { counter } from '../counter.ts';
import type { Fetched } from '../weights/fetch.ts';
import type { Fit, Inspection } from '../weights/inspect.ts';

/** `resizer weights inspect|convert|fetch` */
export function weightsCommand() {
  return new Command('weights')
    .description('Look at weight files, convert them, and fetch the published ones.')
    .addCommand(inspectCommand())
    .addCommand(convertCommand())
    .addCommand(fetchCommand());
}

const formats =
  '\nFormats: .safetensors, .h5 of Keras, a TensorFlow checkpoint (V1 and V2), a SavedModel, a TensorFlow.js model.\n';

function inspectCommand() {
  return new Command('inspect')
    .description('Say what a weights file holds: format, tensors, and which backbone it fits.')
    .argument('<file>')
    .option('--json', 'as JSON')
    .addHelpText('after', `${formats}\nExample:\n  resizer weights inspect mobilenet_v2.h5\n`)
    .action(async (file, { json }) => {
      const { inspectWeights } = await import('../weights/inspect.ts');
      const inspection = await inspectWeights(file);
      console.log(json ? JSON.stringify(inspection) : described(inspection));
    });
}

function described({ file, format, tensors, numbers, fits }: Inspection): string {
  const width = Math.max(0, ...tensors.map(({ name }) => printable(name).length));
  return [
    `${file}: ${format}, ${tensors.length} tensors, ${numbers.toLocaleString('en-US')} numbers`,
    ...(fits.length > 0 ? fits.map((fit) => `fits ${fitText(fit)}`) : ['fits no backbone as it is']),
    ...tensors.map(
      ({ name, dtype, shape }) => `  ${printable(name).padEnd(width)}  ${dtype}  [${shape.join(', ')}]`,
    ),
  ].join('\n');
}

function fitText({ backbone, classes, layout, others = [] }: Fit): string {
  const head = classes > 0 ? `with a head of ${classes} outputs` : 'without a head';
  const beside = others.slice(0, SHOWN).map(printable).join(', ') + (others.length > SHOWN ? ', …' : '');
  const rest = others.length > 0 ? `, beside ${others.length} others: ${beside}` : '';
  return `${backbone} ${head}${layout ? `, as --layout ${layout}` : ''}${rest}`;
}

/** Other weights that are named. */
const SHOWN = 4;

/** A name of an untrusted file. */
function printable(name: string): string {
  return /^[^\p{C}]*$/u.test(name) ? name : JSON.stringify(name);
}

function convertCommand() {
  return new Command('convert')
    .description('Convert weights to .safetensors or Keras .weights.h5, checked against a backbone.')
    .argument('<input>')
    .argument('<output>', 'a .safetensors or .weights.h5 file')
    .requiredOption('--backbone <name>', 'what the weights are of; see `resizer backbones`')
    .addOption(
      new Option('--layout <project>', 'whose names the input has, where they do not tell').choices(
        layoutNames,
      ),
    )
    .addOption(
      new Option('--as <project>', 'whose names a .safetensors gets; default: our own').choices(layoutNames),
    )
    .option('--ignore <prefix...>', 'leave out weights whose names begin so', [])
    .addHelpText(
      'after',
      `${formats}\nAll of the backbone's weights must be there and nothing else, or nothing is written. A .weights.h5 is for the\n` +
        'model of keras.applications with weights=None.\n' +
        '\nExamples:\n' +
        '  resizer weights convert resnet50.h5 resnet50.safetensors --backbone resnet50\n' +
        '  resizer weights convert model.safetensors lite0.safetensors --backbone efficientnet_lite0 --layout timm-tf\n',
    )
    .action(async (input, output, { backbone: name, ...options }) => {
      const { backboneOf } = await import('@resizer-lab/backbones');
      const { convertWeights } = await import('../weights/convert.ts');
      const backbone = backboneOf(name);
      const { weights, classes, layout, notes } = await convertWeights(input, output, {
        backbone,
        ...options,
      });
      const head = classes > 0 ? `a head of ${classes} outputs` : 'no head';
      console.log(`${output}: ${backbone.title}, ${weights.size} weights, ${head}`);
      if (layout) console.log(`Read as those of ${layout.title}.`);
      for (const note of notes) console.log(`Note: ${note}.`);
    });
}

function fetchCommand() {
  return new Command('fetch')
    .description("Bring a backbone's published weights into the cache.")
    .argument('<backbone>', 'see `resizer backbones`')
    .option('--from <file or address>', "the publisher's file from another place")
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nThe publisher’s checksum is verified where there is one. A download that was broken off goes on where it stopped.\n' +
        'RESIZER_MIRROR=https://mirror.example fetches https://mirror.example/HOST/PATH instead of https://HOST/PATH.\n' +
        '\nExamples:\n  resizer weights fetch resnet50\n  resizer weights fetch resnet50 --from ~/Downloads/resnet50.h5\n',
    )
    .action(async (name, { from, json }) => {
      const { backboneOf } = await import('@resizer-lab/backbones');
      const { fetchWeights } = await import('../weights/fetch.ts');
      const backbone = backboneOf(name);
      const progress = counter(`Fetching ${backbone.title}`, { shown: megabytes });
      const options = { from, progress: progress.update };
      const fetched = await fetchWeights(backbone, options).finally(progress.finish);
      console.log(json ? JSON.stringify(fetched) : fetchedText(fetched));
    });
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

function fetchedText({ file, from, sha256, verified, source }: Fetched): string {
  const lines = [from === undefined ? `${file} is there already` : `${file}: ${source.name}, from ${from}`];
  if (from !== undefined && !verified) {
    lines.push(`The publisher states no checksum; the sha256 of what came is ${sha256}.`);
  }
  return [...lines, `Licence ${source.licence}. ${source.citation}.`].join('\n');
}
