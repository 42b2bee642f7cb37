import { Command } from '@commander-js/extra-typings';
import { jsonSchema } from '@resizer-lab/suite';
import { studies } from '../studies.ts';

/** `resizer schema` */
export function schemaCommand() {
  return new Command('schema')
    .description('Print the JSON Schema of configs, for editors.')
    .addHelpText('after', '\nExample:\n  resizer schema > configs/schema.json\n')
    .action(() => {
      process.stdout.write(`${JSON.stringify(jsonSchema(studies), null, 2)}\n`);
    });
}
