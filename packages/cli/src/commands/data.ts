import { Command } from '@commander-js/extra-typings';
import { dataRoot } from '@resizer-lab/datasets';
import { loadConfigs } from '@resizer-lab/suite';
import { datasetText } from '../data-view.ts';
import { studies } from '../studies.ts';

/** `resizer data check CONFIG…` */
export function dataCommand() {
  const command = new Command('data').description('Look at data sets.');
  command
    .command('check')
    .description(
      'Open the data sets of configs: photos a split, classes or scores, what was dropped and why.',
    )
    .argument('<configs...>', 'config files, or folders of them')
    .option('--json', 'the manifests, a line of JSON each')
    .addHelpText('after', '\nExample:\n  RESIZER_DATA=../shared/data resizer data check configs/mini\n')
    .action(async (paths, { json }) => {
      const { openPhotos } = await import('@resizer-lab/study');
      for (const { file, study, config } of await loadConfigs(paths, studies)) {
        const dataset = await openPhotos(study.photos(config), dataRoot());
        console.log(
          json ? JSON.stringify({ config: file, ...dataset.manifest }) : datasetText(file, dataset),
        );
      }
    });
  return command;
}
