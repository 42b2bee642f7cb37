import { Command } from '@commander-js/extra-typings';
import { type Dataset, dataRoot } from '@resizer-lab/datasets';
import { loadConfigs } from '@resizer-lab/suite';
import { studies } from '../studies.ts';

/** Dropped photos that are listed one by one. */
const LISTED = 10;

/** `resizer data check CONFIG…` */
export function dataCommand() {
  const command = new Command('data').description('Look at data sets.');
  command
    .command('check')
    .description('Open the data sets of configs: photos a split, classes, what was dropped and why.')
    .argument('<configs...>', 'config files, or folders of them')
    .option('--json', 'the manifests, a line of JSON each')
    .addHelpText('after', '\nExample:\n  RESIZER_DATA=../shared/data resizer data check configs/mini\n')
    .action(async (paths, { json }) => {
      const { openPhotos } = await import('@resizer-lab/study');
      for (const { file, study, config } of await loadConfigs(paths, studies)) {
        const dataset = await openPhotos(study.photos(config), dataRoot());
        console.log(json ? JSON.stringify({ config: file, ...dataset.manifest }) : summary(file, dataset));
      }
    });
  return command;
}

function summary(file: string, { manifest }: Dataset): string {
  const { classes, splits, dropped, hash } = manifest;
  const lines = [
    `${file}: ${splits.train.length} training and ${splits.test.length} test photos, ${classes.length} classes, ` +
      `${dropped.length} dropped; manifest ${hash.slice(0, 16)}`,
    ...dropped.slice(0, LISTED).map(({ path, reason }) => `  dropped ${path}: ${reason}`),
  ];
  if (dropped.length > LISTED) lines.push(`  … and ${dropped.length - LISTED} more (--json lists all)`);
  return lines.join('\n');
}
