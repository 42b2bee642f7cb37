import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { dataRoot } from '@resizer-lab/datasets';
import { loadConfigs, planSuite } from '@resizer-lab/suite';
import { toTime } from '../duration.ts';
import { configPlan, costsToDo, plannedCells } from '../plan.ts';
import { planText } from '../plan-view.ts';
import { studies } from '../studies.ts';

const bin = join(import.meta.dirname, '../../bin/resizer.mjs');

/** `resizer plan CONFIG…` */
export function planCommand() {
  return new Command('plan')
    .description('Say what a run would do: cells, what is done, operations, hours on this machine, disk.')
    .argument('<configs...>', 'config files, or folders of them')
    .option('--results <folder>', 'where results go, a folder a suite', 'results')
    .option('--no-hours', 'leave out the hours, for which this machine is timed (seconds, remembered)')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  resizer plan configs/smoke\n  RESIZER_DATA=../shared/data resizer plan configs/mini --json\n',
    )
    .action(async (paths, { results, hours, json }) => {
      const place = { results, dataRoot: dataRoot() };
      const plans = await planSuite(await loadConfigs(paths, studies), place);
      const planned = await Promise.all(plans.map((plan) => plannedCells(plan, place)));
      const costs = hours ? costsToDo(planned.flat()) : [];
      // Loads TensorFlow, which is not needed where everything is done.
      const { calibrate } = costs.length > 0 ? await import('../calibration.ts') : {};
      const calibration = await calibrate?.({
        ...toTime(costs),
        ...{ dataRoot: place.dataRoot, bin },
        onMeasure: (what) => console.error(`timing ${what}`),
      });
      const shown = plans.map((plan, i) => configPlan(plan, planned[i]!, calibration));
      if (json) console.log(JSON.stringify({ plans: shown, calibration: calibration ?? null }, null, 2));
      else console.log(planText(shown, { calibration, width: process.stdout.columns ?? 120 }));
    });
}
